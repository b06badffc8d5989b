import Memory
import Testing
import Wire

@testable import Stack

/// Which connection a segment is for: both addresses and both ports, each deciding alone
/// (RFC 9293 §3.3.1). A host talks to itself here: all of 127/8 is its own.
@Suite("TCP demultiplexing") struct TCPDemultiplexingTests {
    @Test(
        "Two connections that differ in one component only keep their bytes apart",
        arguments: [
            // Client's and server's end of each connection.
            (["127.0.0.1:1000", "127.0.0.9:80"], ["127.0.0.2:1000", "127.0.0.9:80"]),
            (["127.0.0.1:1000", "127.0.0.9:80"], ["127.0.0.1:1001", "127.0.0.9:80"]),
            (["127.0.0.1:1000", "127.0.0.9:80"], ["127.0.0.1:1000", "127.0.0.8:80"]),
            (["127.0.0.1:1000", "127.0.0.9:80"], ["127.0.0.1:1000", "127.0.0.9:81"]),
        ])
    func components(_ one: [String], _ two: [String]) throws {
        let link = BareLinks()
        var pairs: [(client: EndpointID, server: EndpointID)] = []
        var listeners: [String: EndpointID] = [:]
        for ends in [one, two] {
            if listeners[ends[1]] == nil {
                let listener = link.host.open(.stream)
                try link.host.bind(listener, to: BareLinks.name(ends[1]))
                try link.host.listen(listener, backlog: 4)
                listeners[ends[1]] = listener
            }
            let client = link.host.open(.stream)
            // One name for two peers: as after a connection from it was over.
            try link.set(client) { $0.sharesAddress = true }
            try link.host.bind(client, to: BareLinks.name(ends[0]))
            #expect(throws: StackError.inProgress) {
                try link.host.connect(client, to: BareLinks.name(ends[1]))
            }
            for _ in 0..<4 { link.wait(.milliseconds(1)) }
            let server = try link.host.accept(#require(listeners[ends[1]]))
            #expect(try link.host.remoteAddress(of: server) == BareLinks.name(ends[0]))
            #expect(try link.host.localAddress(of: server) == BareLinks.name(ends[1]))
            pairs.append((client, server))
        }
        for (number, pair) in pairs.enumerated() {
            _ = try link.host.send(pair.client, [UInt8(number), 1].span)
            _ = try link.host.send(pair.server, [UInt8(number), 2].span)
        }
        for _ in 0..<4 { link.wait(.milliseconds(1)) }
        for (number, pair) in pairs.enumerated() {
            #expect(try read(link, pair.server) == [UInt8(number), 1])
            #expect(try read(link, pair.client) == [UInt8(number), 2])
        }
    }

    private func read(_ link: BareLinks, _ endpoint: EndpointID) throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 16)
        var span = buffer.mutableSpan
        let count = try link.host.receive(endpoint, into: &span)
        return Array(buffer[..<count])
    }

    @Test("A listener of one address goes before one of all, one of an interface before both")
    func listeners() throws {
        let link = BareLinks()
        let all = link.host.open(.stream, family: .inet6)
        try link.host.bind(all, to: BareLinks.name("[::]:80"))
        try link.host.listen(all, backlog: 4)
        // Names that overlap are refused: what is left is those on interfaces of their own.
        let one = link.host.open(.stream)
        #expect(throws: StackError.addressInUse) {
            try link.host.bind(one, to: BareLinks.name("10.7.0.1:80"))
        }
        let hash = link.host.network.hash
        let found = link.host.tcp.listener(for: own(80), on: link.first, hash)
        let key = try #require(found)
        let local = link.host.tcp.listeners[key].local
        #expect(local == BareLinks.name("[::]:80"))
        let none = link.host.tcp.listener(for: own(81), on: link.first, hash)
        #expect(none == nil)
    }

    private func own(_ port: UInt16) -> FourTuple {
        FourTuple(
            local: SocketAddress(address: BareLinks.own4, port: port),
            remote: SocketAddress(address: BareLinks.peer4, port: 1000))
    }

    @Test("Two listeners of the same name on an interface each get what comes in there")
    func interfaces() throws {
        let link = BareLinks()
        var endpoints: [EndpointID] = []
        for interface in [link.first, link.second] {
            let listener = link.host.open(.stream)
            try link.set(listener) { $0.boundInterface = interface }
            try link.host.bind(listener, to: BareLinks.name("0.0.0.0:80"))
            try link.host.listen(listener, backlog: 4)
            endpoints.append(listener)
        }
        for (number, interface) in [link.first, link.second].enumerated() {
            let found = link.host.tcp.listener(
                for: own(80), on: interface, link.host.network.hash)
            let key = try #require(found)
            let endpoint = link.host.tcp.listeners[key].endpoint
            #expect(endpoint == endpoints[number].index)
        }
    }
}
