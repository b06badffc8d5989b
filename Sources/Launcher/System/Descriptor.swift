import Glibc

/// A file descriptor that is ours, closed with the last reference to it.
final class Descriptor {
    let number: CInt

    /// Takes over an open descriptor.
    init(owning number: CInt) {
        self.number = number
    }

    /// Takes over what a shim returned: a descriptor, or a negated errno.
    convenience init(result: CInt) throws(SystemError) {
        guard result >= 0 else { throw SystemError(-result) }
        self.init(owning: result)
    }

    deinit {
        Glibc.close(number)
    }
}
