import Stack
import Synchronization
public import Wire

/// Which program a packet of the host is of: programs by protocol and local port.
///
/// Rules, captures and statistics ask; the launcher notes every program whose socket gets a port.
public final class ProgramNames: Sendable {
    private struct Key: Hashable {
        let proto: UInt8
        let port: UInt16
    }

    private struct State {
        var names: [Key: String] = [:]
        /// Whose call is being answered: its packets may leave before its port is known.
        var current: String?
    }

    private let state = Mutex(State())

    public init() {}

    /// The name of the program that has the port, as the kernel calls its process (comm), or of the
    /// one that is making a call; nil where nobody is known.
    public func name(of proto: IPProtocol, localPort: UInt16) -> String? {
        state.withLock { state in
            state.names[Key(proto: proto.rawValue, port: localPort)] ?? state.current
        }
    }

    func note(_ name: String, _ proto: IPProtocol, localPort: UInt16) {
        state.withLock { state in
            // More than there are ports of two protocols: somebody opens raw sockets for ever.
            if state.names.count > 1 << 17 { state.names.removeAll() }
            state.names[Key(proto: proto.rawValue, port: localPort)] = name
        }
    }

    /// Says whose call is answered until the next time.
    func begin(_ name: String?) { state.withLock { $0.current = name } }
}

extension EndpointKind {
    /// The protocol that its packets bear, nil where they bear any.
    func proto(_ family: AddressFamily) -> IPProtocol? {
        switch self {
        case .stream: .tcp
        case .datagram: .udp
        case .icmp: family == .inet ? .icmp : .icmpv6
        case .raw(let proto): proto
        default: nil
        }
    }
}
