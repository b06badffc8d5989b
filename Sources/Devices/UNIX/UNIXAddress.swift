import CLinux
import Glibc

/// The name of a UNIX socket, as the kernel takes it, in memory of its own.
@safe
struct UNIXAddress: ~Copyable, @unchecked Sendable {
    /// Lives as long as the value; written by `bind` only, before the value is shared.
    let raw: UnsafeMutablePointer<clinux_unix_address>

    /// - Parameter path: Of a file; behind `@` a name of the kernel's abstract namespace.
    /// - Throws: `EINVAL` for an empty path or one with a zero byte, `ENAMETOOLONG` beyond 107
    ///   bytes.
    init(_ path: String) throws(SystemFailure) {
        // C ends a path at its first zero byte: what comes after it would be lost silently.
        guard !path.utf8.contains(0) else { throw SystemFailure(code: EINVAL) }
        let address = UnsafeMutablePointer<clinux_unix_address>.allocate(capacity: 1)
        unsafe address.initialize(to: clinux_unix_address())
        let result = unsafe clinux_unix_address(address, path)
        guard result == 0 else {
            unsafe address.deallocate()
            throw SystemFailure(code: 0 &- result)
        }
        unsafe raw = address
    }

    deinit { unsafe raw.deallocate() }
}

/// A UNIX socket's name in the file system, which goes with the value.
struct BoundPath: ~Copyable, Sendable {
    private let address: UNIXAddress

    /// Gives `descriptor` the name.
    ///
    /// - Throws: `EADDRINUSE` when somebody listens there or the file is no socket, `ENOENT` or
    ///   `EACCES` when the directory does not take it.
    init(
        _ descriptor: Int32, _ address: consuming UNIXAddress, isStream: Bool
    ) throws(SystemFailure) {
        let result = unsafe clinux_unix_bind(descriptor, address.raw, isStream ? 1 : 0)
        guard result == 0 else { throw SystemFailure(code: 0 &- result) }
        self.address = address
    }

    deinit { unsafe clinux_unix_unlink(address.raw) }
}
