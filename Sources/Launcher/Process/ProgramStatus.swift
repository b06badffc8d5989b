/// How a program ended.
public enum ProgramStatus: Hashable, Sendable {
    /// It exited with this status, 0–255.
    case exited(Int32)
    /// A signal of this number ended it.
    case killed(Int32)

    /// What a shell would put into `$?`: the status, or 128 and the number of the signal.
    public var shellStatus: Int32 {
        switch self {
        case .exited(let status): status
        case .killed(let signal): 128 + signal
        }
    }
}
