import Devices
import Glibc
public import Sockets
public import Stack
public import Wire

/// How a port of the machine's is shared with others: `SO_REUSEADDR`, `SO_REUSEPORT`, `IPV6_V6ONLY`.
public struct PublishedPortOptions: Hashable, Sendable {
    public var reusesAddress = false
    public var reusesPort = false
    public var isIPv6Only = false

    public init() {}
}

/// A port of the machine's, on which a socket inside is reached from outside.
///
/// Connections come in under the true address of who made them, datagrams too; what the socket
/// inside sends from its port leaves from this one.
public final class PublishedPort: KernelMember {
    public let kind: EndpointKind
    /// Where on the machine, with the port that was found where none was asked for.
    public let address: SocketAddress
    let socket: SystemSocket
    private(set) var inside: SocketAddress?
    private unowned let gateway: Gateway
    private var place: Int?
    private var isClosed = false
    /// Whose datagrams left from here last, and as whom the machine's loopback was meant: they are
    /// told of errors.
    var speaker: SocketAddress?
    var loopbackName: IPAddress?

    init(
        _ kind: EndpointKind, _ address: SocketAddress, _ socket: SystemSocket, _ gateway: Gateway
    ) {
        self.kind = kind
        self.address = address
        self.socket = socket
        self.gateway = gateway
    }

    /// From now on connections, or datagrams, are carried to `inside`; called again, it changes the
    /// backlog.
    ///
    /// - Parameters:
    ///   - backlog: Connections that may wait.
    ///   - inside: The socket there. An unspecified address means the loopback address that was
    ///     connected to, and the host's own for all others; nil is the address of the port itself.
    /// - Throws: `EADDRINUSE`, `EBADF`.
    public func open(backlog: Int, to inside: SocketAddress? = nil) throws(SocketError) {
        do throws(DeviceError) {
            if kind == .stream { try socket.listen(backlog: backlog) }
            self.inside = inside ?? address
            if place == nil { place = try gateway.kernel.add(self, socket) }
        } catch {
            throw SocketError(error.code, in: error.operation)
        }
        gateway.ports.note(self)
    }

    /// Gives the port back. Connections that were carried in go on.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        if let place { gateway.kernel.remove(place, socket) }
        place = nil
        gateway.ports.forget(self)
        socket.close()
    }

    /// Whether datagrams are sent from here that `source` inside sends.
    func speaks(for source: SocketAddress) -> Bool {
        guard kind == .datagram, let inside, inside.port == source.port else { return false }
        return inside.address.isUnspecified || inside.address == source.address
    }

    func send(_ bytes: Span<UInt8>, to target: SocketAddress) throws(DeviceError) {
        let isIPv4 = address.address.isIPv4
        do throws(DeviceError) {
            try socket.sendDatagram(bytes, to: target, isIPv4: isIPv4)
        } catch {
            // What an earlier one met is told by the queue of errors; this one has not left.
            guard error.code == ECONNREFUSED || error.code == EHOSTUNREACH else { throw error }
            try socket.sendDatagram(bytes, to: target, isIPv4: isIPv4)
        }
    }

    /// Where at the host inside somebody is led who came from `source` to `local`.
    func destination(
        for source: SocketAddress, at local: SocketAddress?, _ configuration: GatewayConfiguration
    ) -> SocketAddress? {
        guard let inside else { return nil }
        let takesLoopback = configuration.insideTakesLoopback
        if !inside.address.isUnspecified, inside.address.isIPv4 == source.address.isIPv4,
            takesLoopback || !inside.address.isLoopback
        {
            return inside
        }
        if takesLoopback, let local, local.address.isLoopback {
            return SocketAddress(address: local.address, port: inside.port)
        }
        let own = configuration.inside.first { $0.isIPv4 == source.address.isIPv4 }
        return own.map { SocketAddress(address: $0, port: inside.port) }
    }

    func isReady(
        _ ready: Poller.Interest, _ gateway: Gateway, _ host: inout Host, at now: Instant
    ) {
        guard !isClosed, inside != nil else { return }
        if kind == .datagram, ready.contains(.failed) { gateway.takeErrors(self, &host) }
        let hasMore =
            kind == .stream
            ? gateway.takeConnections(self, &host) : gateway.takeDatagrams(self, &host)
        if hasMore { gateway.kernel.again(place, socket) }
    }
}

/// The ports of a gateway that are open.
struct PublishedPorts {
    private(set) var all: [PublishedPort] = []

    mutating func note(_ port: PublishedPort) {
        if !all.contains(where: { $0 === port }) { all.append(port) }
    }

    mutating func forget(_ port: PublishedPort) { all.removeAll { $0 === port } }

    /// The port from which datagrams of `source` inside leave.
    func datagramPort(of source: SocketAddress) -> PublishedPort? {
        guard !all.isEmpty else { return nil }
        return all.first { $0.speaks(for: source) }
    }
}
