import Sockets

/// Why a name could not be connected to, or listened at.
public enum ConnectionFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The host or the service was not found.
    case name(NameError)
    /// The last of its addresses failed so.
    case socket(SocketError)

    public var description: String {
        switch self {
        case .name(let error): error.description
        case .socket(let error): error.description
        }
    }
}
