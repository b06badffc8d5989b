/// Why a call came to nothing. The comments name the POSIX error that it stands for.
public enum StackError: UInt8, Error, Sendable {
    /// EAGAIN
    case wouldBlock = 1
    /// EINPROGRESS
    case inProgress
    /// EALREADY
    case alreadyInProgress
    /// EBADF
    case badDescriptor
    /// EINVAL
    case invalidArgument
    /// EADDRINUSE
    case addressInUse
    /// EADDRNOTAVAIL
    case addressNotAvailable
    /// EAFNOSUPPORT
    case addressFamilyNotSupported
    /// EISCONN
    case alreadyConnected
    /// ENOTCONN
    case notConnected
    /// EDESTADDRREQ
    case destinationRequired
    /// EOPNOTSUPP
    case notSupported
    /// ECONNREFUSED
    case connectionRefused
    /// ECONNRESET
    case connectionReset
    /// ECONNABORTED
    case connectionAborted
    /// ETIMEDOUT
    case timedOut
    /// EPIPE
    case brokenPipe
    /// ENETUNREACH
    case networkUnreachable
    /// EHOSTUNREACH
    case hostUnreachable
    /// EMSGSIZE
    case messageTooLong
    /// ENOBUFS
    case noBufferSpace
    /// EACCES
    case accessDenied
}
