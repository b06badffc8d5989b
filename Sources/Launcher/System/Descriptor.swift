import Glibc
import Sockets

/// A file descriptor that is ours, closed with the last reference to it.
final class Descriptor {
    let number: CInt

    /// Takes over an open descriptor.
    init(owning number: CInt) {
        self.number = number
    }

    /// Takes over what a shim returned: a descriptor, or a negated errno.
    convenience init(result: CInt) throws(SocketError) {
        guard result >= 0 else { throw SocketError(-result) }
        self.init(owning: result)
    }

    /// Whether somebody else closes it.
    private var isReleased = false

    /// The descriptor, for whoever closes it from now on.
    func release() -> CInt {
        isReleased = true
        return number
    }

    deinit {
        if !isReleased { Glibc.close(number) }
    }
}
