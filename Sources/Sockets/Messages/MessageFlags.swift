/// How one call sends or receives: the `MSG_` flags of POSIX and Linux, with Linux's values.
public struct MessageFlags: OptionSet, Hashable, Sendable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Urgent bytes (`MSG_OOB`).
    public static let urgent = MessageFlags(rawValue: 0x01)
    /// Leaves what is received where it is (`MSG_PEEK`).
    public static let peek = MessageFlags(rawValue: 0x02)
    /// Past no router (`MSG_DONTROUTE`).
    public static let dontRoute = MessageFlags(rawValue: 0x04)
    /// Control messages did not all fit (`MSG_CTRUNC`); given only.
    public static let controlTruncated = MessageFlags(rawValue: 0x08)
    /// What was received did not fit; asked for, the full count is given (`MSG_TRUNC`).
    public static let truncated = MessageFlags(rawValue: 0x20)
    /// Does not wait (`MSG_DONTWAIT`).
    public static let dontWait = MessageFlags(rawValue: 0x40)
    /// The end of a record (`MSG_EOR`).
    public static let endOfRecord = MessageFlags(rawValue: 0x80)
    /// Waits until all that was asked for has come (`MSG_WAITALL`).
    public static let waitAll = MessageFlags(rawValue: 0x100)
    /// The neighbour is known to be alive (`MSG_CONFIRM`).
    public static let confirm = MessageFlags(rawValue: 0x800)
    /// A kept error is received (`MSG_ERRQUEUE`).
    public static let errorQueue = MessageFlags(rawValue: 0x2000)
    /// No signal for a stream that takes no more (`MSG_NOSIGNAL`). Calls of Swift never raise one.
    public static let noSignal = MessageFlags(rawValue: 0x4000)
    /// More follows: less than a segment waits (`MSG_MORE`).
    public static let more = MessageFlags(rawValue: 0x8000)
    /// Of several messages only the first is waited for (`MSG_WAITFORONE`).
    public static let waitForOne = MessageFlags(rawValue: 0x10000)
    /// Data goes with the SYN (`MSG_FASTOPEN`).
    public static let fastOpen = MessageFlags(rawValue: 0x2000_0000)
    /// Descriptors that come with it are closed by `exec` (`MSG_CMSG_CLOEXEC`).
    public static let closeOnExec = MessageFlags(rawValue: 0x4000_0000)
}
