import Devices
import Glibc
import Stack

/// Why a call on a socket failed: a POSIX error and the call that met it.
public struct SocketError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The value of `errno`, above 0.
    public let code: CInt
    /// The POSIX name of the call.
    public let call: String

    public init(_ code: CInt, in call: String) {
        self.code = code
        self.call = call
    }

    /// The error of the system that stands for `error`.
    public init(_ error: StackError, in call: String) { self.init(error.code, in: call) }

    public var description: String {
        // The one error that the system's words do not explain: its calls do not throw it.
        code == EDEADLK
            ? "\(call): it would block the only thread of the simulation; await the call instead"
            : "\(call): \(SystemErrorText.of(code))"
    }
}

extension StackError {
    /// The POSIX error that this one stands for.
    public var code: CInt {
        switch self {
        case .wouldBlock: EAGAIN
        case .inProgress: EINPROGRESS
        case .alreadyInProgress: EALREADY
        case .badDescriptor: EBADF
        case .invalidArgument: EINVAL
        case .addressInUse: EADDRINUSE
        case .addressNotAvailable: EADDRNOTAVAIL
        case .addressFamilyNotSupported: EAFNOSUPPORT
        case .alreadyConnected: EISCONN
        case .notConnected: ENOTCONN
        case .destinationRequired: EDESTADDRREQ
        case .notSupported: EOPNOTSUPP
        case .connectionRefused: ECONNREFUSED
        case .connectionReset: ECONNRESET
        case .connectionAborted: ECONNABORTED
        case .timedOut: ETIMEDOUT
        case .brokenPipe: EPIPE
        case .networkUnreachable: ENETUNREACH
        case .hostUnreachable: EHOSTUNREACH
        case .messageTooLong: EMSGSIZE
        case .noBufferSpace: ENOBUFS
        case .accessDenied: EACCES
        case .noDevice: ENODEV
        case .notPermitted: EPERM
        case .wrongType: EPROTOTYPE
        case .noSuchName: ENOENT
        }
    }
}
