import CLinux
import Glibc

/// Takes connections from programs of this machine: a UNIX stream socket that listens at a path,
/// which only its owner may use (mode 0600).
public final class LocalListener: Sendable {
    /// Polls readable when a connection waits; belongs to the listener.
    public let descriptor: Int32

    /// - Throws: `EADDRINUSE` when the path exists, `ENAMETOOLONG` when it is longer than 107
    ///   bytes, `EACCES`, `ENOENT`.
    public init(path: String) throws(DeviceError) {
        // The call reads the name's bytes and keeps no pointer to them.
        let result = unsafe clinux_local_listen(path)
        guard result >= 0 else { throw DeviceError("listen at \(path)", result: result) }
        descriptor = result
    }

    deinit { close(descriptor) }

    /// Takes a connection that waits, nil when none does. POSIX `accept`.
    public func accept() -> LocalStream? {
        let result = clinux_local_accept(descriptor)
        return result >= 0 ? LocalStream(result) : nil
    }
}
