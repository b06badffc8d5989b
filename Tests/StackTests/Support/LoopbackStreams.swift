import Memory
import Testing
import Wire

@testable import Stack

/// Streams of one host that speak to each other over its loopback.
struct LoopbackStreams {
    static let address = IPAddress.v4(127, 0, 0, 1)
    /// Where nobody listens.
    static let nobody = SocketAddress(address: address, port: 9)
    /// Where nobody answers at all.
    static let silence = SocketAddress(address: BareLinks.peer4, port: 80)

    let link = BareLinks()

    func settle() { link.wait(.milliseconds(1)) }

    func listener(
        port: UInt16 = 80, backlog: Int = 4, _ change: (inout EndpointOptions) -> Void = { _ in }
    ) throws -> EndpointID {
        let listener = link.host.open(.stream)
        try link.set(listener, change)
        try link.host.bind(listener, to: SocketAddress(address: Self.address, port: port))
        try link.host.listen(listener, backlog: backlog)
        return listener
    }

    /// What `connect` says.
    func connect(_ id: EndpointID, _ remote: SocketAddress) -> StackError? {
        do throws(StackError) {
            try link.host.connect(id, to: remote)
            return nil
        } catch {
            return error
        }
    }

    func connected(to port: UInt16 = 80) throws -> EndpointID {
        let client = link.host.open(.stream)
        let server = SocketAddress(address: Self.address, port: port)
        #expect(connect(client, server) == .inProgress)
        settle()
        #expect(connect(client, server) == nil)
        return client
    }

    /// The two ends of a connection.
    func pair() throws -> (client: EndpointID, server: EndpointID) {
        let listener = try listener()
        let client = try connected()
        let server = try link.host.accept(listener)
        try link.host.close(listener)
        return (client, server)
    }

    func send(_ id: EndpointID, _ count: Int = 1) throws -> Int {
        let bytes = [UInt8](repeating: 7, count: count)
        return try link.host.send(id, bytes.span)
    }

    func receive(
        _ id: EndpointID, _ count: Int = 65_536, _ flags: ReceiveFlags = []
    ) throws -> Int {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        return try link.host.receive(id, into: &span, flags)
    }

    /// What `poll` shows.
    func poll(_ id: EndpointID) throws -> Readiness {
        try link.host.readiness(of: id).subtracting(.drained)
    }

    /// Closes by reset.
    func reset(_ id: EndpointID) throws {
        try link.host.abort(id)
        settle()
    }
}
