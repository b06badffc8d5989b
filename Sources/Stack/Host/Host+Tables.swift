import Memory
import Wire

/// A line of the socket tables, as `netstat` shows them.
public struct SocketEntry: Equatable, Sendable {
    public let kind: EndpointKind
    public let proto: IPProtocol
    public let local: SocketAddress
    /// Unspecified and port 0 where there is no peer.
    public let remote: SocketAddress
    /// nil for all but streams.
    public let state: ConnectionState?
    /// Bytes received and not yet read; for a listener, connections not yet accepted.
    public let receiveQueue: Int
    /// Bytes not yet acknowledged by the peer; for a listener, its backlog.
    public let sendQueue: Int
}

/// A line of the table of interfaces, as `netstat -i` shows it.
public struct InterfaceEntry: Equatable, Sendable {
    public let interface: InterfaceID
    public let name: String
    public let link: InterfaceConfiguration.Link
    /// The largest IP packet, in bytes.
    public let mtu: Int
    public let counters: InterfaceCounters
}

extension Host {
    /// All interfaces in the order of their numbers, the loopback first.
    public var interfaces: [InterfaceEntry] {
        var entries: [InterfaceEntry] = []
        for number in 0..<network.interfaces.count {
            let configuration = network.interfaces[number].configuration
            entries.append(
                InterfaceEntry(
                    interface: InterfaceID(rawValue: number), name: configuration.name,
                    link: configuration.link, mtu: configuration.mtu,
                    counters: network.interfaces[number].counters))
        }
        return entries
    }

    /// All sockets and connections: listeners, connections in every state, datagram and raw
    /// sockets.
    public var sockets: [SocketEntry] {
        listeners + connections + halfOpenConnections + timeWaits + datagramSockets + rawSockets
    }

    private static func none(like address: SocketAddress) -> SocketAddress {
        SocketAddress(address: address.address.isIPv4 ? .unspecifiedV4 : .unspecifiedV6, port: 0)
    }

    private var listeners: [SocketEntry] {
        var entries: [SocketEntry] = []
        for place in 0..<tcp.listeners.placeCount {
            guard let id = tcp.listeners.index(at: place) else { continue }
            let local = tcp.listeners[id].local
            entries.append(
                SocketEntry(
                    kind: .stream, proto: .tcp, local: local, remote: Self.none(like: local),
                    state: .listen,
                    receiveQueue: tcp.listeners[id].accepted.count,
                    sendQueue: tcp.listeners[id].backlog))
        }
        return entries
    }

    private var connections: [SocketEntry] {
        var entries: [SocketEntry] = []
        for place in 0..<tcp.connections.placeCount {
            guard let id = tcp.connections.index(at: place),
                tcp.connections[id].flags.contains(.filed)
            else { continue }
            entries.append(
                SocketEntry(
                    kind: .stream, proto: .tcp, local: tcp.connections[id].tuple.local,
                    remote: tcp.connections[id].tuple.remote, state: tcp.connections[id].state,
                    receiveQueue: tcp.connections[id].receiveQueue.count,
                    sendQueue: tcp.connections[id].sendQueue.count))
        }
        return entries
    }

    private var halfOpenConnections: [SocketEntry] {
        var entries: [SocketEntry] = []
        for place in 0..<tcp.halfOpens.placeCount {
            guard let id = tcp.halfOpens.index(at: place) else { continue }
            let tuple = tcp.halfOpens[id].tuple
            entries.append(
                SocketEntry(
                    kind: .stream, proto: .tcp, local: tuple.local, remote: tuple.remote,
                    state: .synReceived,
                    receiveQueue: 0, sendQueue: 0))
        }
        return entries
    }

    private var timeWaits: [SocketEntry] {
        var entries: [SocketEntry] = []
        for place in 0..<tcp.timeWaits.placeCount {
            guard let id = tcp.timeWaits.index(at: place) else { continue }
            let tuple = tcp.timeWaits[id].tuple
            entries.append(
                SocketEntry(
                    kind: .stream, proto: .tcp, local: tuple.local, remote: tuple.remote,
                    state: .timeWait,
                    receiveQueue: 0, sendQueue: 0))
        }
        return entries
    }

    private var datagramSockets: [SocketEntry] {
        var entries: [SocketEntry] = []
        for place in 0..<udp.sockets.placeCount {
            guard let id = udp.sockets.index(at: place) else { continue }
            entries.append(Self.entry(.datagram, udp.sockets[id]))
        }
        return entries
    }

    private var rawSockets: [SocketEntry] {
        var entries: [SocketEntry] = []
        for place in 0..<raw.sockets.placeCount {
            guard let id = raw.sockets.index(at: place) else { continue }
            let kind: EndpointKind =
                raw.sockets[id].isEcho ? .icmp : .raw(raw.sockets[id].proto)
            entries.append(Self.entry(kind, raw.sockets[id]))
        }
        return entries
    }

    private static func entry(
        _ kind: EndpointKind, _ socket: borrowing DatagramSocket
    ) -> SocketEntry {
        SocketEntry(
            kind: kind, proto: socket.proto, local: socket.local,
            remote: socket.remote ?? none(like: socket.local), state: nil,
            receiveQueue: socket.inbox.byteCount, sendQueue: 0)
    }
}
