import Memory
import Wire

/// The name of an endpoint on its host. It outlives the endpoint harmlessly.
@frozen
public struct EndpointID: Hashable, Sendable {
    let index: SlabIndex
    init(_ index: SlabIndex) { self.index = index }
}

/// The kinds of endpoints: `SOCK_STREAM` and `SOCK_DGRAM`.
public enum EndpointKind: Sendable {
    case stream
    case datagram
}

/// What an application holds: the stack's side of a socket.
struct Endpoint: ~Copyable {
    enum Role {
        case unbound
        case bound(SocketAddress)
        case listening(SlabIndex)
        case connection(SlabIndex)
        case datagram(SlabIndex)
    }

    let kind: EndpointKind
    var role = Role.unbound
    /// What happened since the host told of it last.
    var events: Readiness = []
    var noDelay = false
    var keepalive = false
    /// Close by reset, and wait for nothing (SO_LINGER with zero).
    var abortsOnClose = false

    init(_ kind: EndpointKind) { self.kind = kind }
}

/// Ports, and who has them.
extension Host {
    /// Whether an endpoint of `kind` may bind to `local`.
    func isFree(_ local: SocketAddress, _ kind: EndpointKind) -> Bool {
        if kind == .datagram { return !udp.isTaken(local, network.hash) }
        for place in 0..<endpoints.placeCount {
            guard let id = endpoints.index(at: place), endpoints[id].kind == .stream else {
                continue
            }
            let other: SocketAddress
            switch endpoints[id].role {
            case .bound(let address): other = address
            case .listening(let key): other = tcp.listeners[key].local
            default: continue
            }
            if other.port == local.port,
                other.address == local.address || other.address.isUnspecified
                    || local.address.isUnspecified
            {
                return false
            }
        }
        return true
    }

    /// A port that is free, from a random start (RFC 6056 §3.3.1); nil when all are taken.
    mutating func ephemeralPort(where isFree: (borrowing Host, UInt16) -> Bool) -> UInt16? {
        let count = UInt32(ephemeralPorts.count)
        let start = network.random.next(below: count)
        for step in 0..<count {
            let offset = UInt16(truncatingIfNeeded: (start + step) % count)
            let port = ephemeralPorts.lowerBound + offset
            if isFree(self, port) { return port }
        }
        return nil
    }
}
