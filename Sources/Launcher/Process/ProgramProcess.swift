import CLinux
import Glibc

/// The program, started under the filter.
struct ProgramProcess {
    let process: pid_t
    /// Where its calls are reported.
    let listener: Descriptor
    /// Whether the machine lets us fetch descriptors from it (a container's profile may not).
    let descriptorsCanBeFetched: Bool

    /// Starts `arguments[0]`, looked for in PATH, with the signal mask that it would have without
    /// us.
    init(
        _ arguments: [String], _ environment: [String]?, mask: sigset_t
    ) throws(LaunchError) {
        var process: pid_t = 0
        var number: CInt = -1
        var stage: CInt = 0
        var mask = mask
        let error = unsafe CStrings.with(arguments) { arguments, file in
            // The strings and the numbers live until the call returns; it has copied or used them.
            unsafe CStrings.with(environment) { environment in
                unsafe clinux_spawn_filtered(
                    file, arguments, environment ?? environ, &mask, &process, &number, &stage)
            }
        }
        guard error == 0 else {
            let code = SystemError(-error)
            switch clinux_spawn_stage(rawValue: UInt32(bitPattern: stage)) {
            case CLINUX_SPAWN_EXECUTE: throw .cannotExecute(code)
            case CLINUX_SPAWN_FILTER: throw .unavailable(Unavailability.ofFilter(code))
            default: throw .system(code)
            }
        }
        self.process = process
        listener = Descriptor(owning: number)
        descriptorsCanBeFetched = Self.canFetch(from: process)
    }

    /// Tries with a descriptor that no process has: EBADF means that one that is there would come.
    private static func canFetch(from process: pid_t) -> Bool {
        let number = clinux_duplicate_descriptor(process, .max)
        return number != -EPERM && number != -ENOSYS && number != -EACCES
    }
}

/// Lists of strings as C takes them.
private enum CStrings {
    typealias Strings = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    /// Calls `body` with the strings and the first of them.
    static func with<Result>(
        _ strings: [String], _ body: (Strings, UnsafeMutablePointer<CChar>?) -> Result
    ) -> Result {
        // Copies of our own, freed when the body is done.
        var copies = unsafe strings.map { unsafe strdup($0) }
        unsafe copies.append(nil)
        defer { unsafe copies.forEach { unsafe free($0) } }
        return unsafe copies.withUnsafeMutableBufferPointer { list in
            // There is at least the terminating nil.
            unsafe body(list.baseAddress.unsafelyUnwrapped, list[0])
        }
    }

    /// Calls `body` with the strings, or with nil for nil.
    static func with<Result>(_ strings: [String]?, _ body: (Strings?) -> Result) -> Result {
        guard let strings else { return body(nil) }
        return unsafe with(strings) { list, _ in unsafe body(list) }
    }
}
