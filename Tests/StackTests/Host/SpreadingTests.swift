import Memory
import Testing
import Wire

@testable import Stack

/// `SO_REUSEPORT`: equals share what comes, by flow.
@Suite("Spreading over endpoints that share a port") struct SpreadingTests {
    @Test("Connections are spread over equal listeners, and a flow always meets the same one")
    func listeners() throws {
        let link = BareLinks()
        var places: [ListenerKey: Int] = [:]
        for number in 0..<4 {
            let listener = link.host.open(.stream)
            try link.set(listener) { $0.sharesPort = true }
            try link.host.bind(listener, to: BareLinks.name("0.0.0.0:80"))
            try link.host.listen(listener, backlog: 4)
            guard case .listening(let key) = link.host.endpoints[listener.index].role else {
                Issue.record("does not listen")
                return
            }
            places[key] = number
        }
        var counts = [0, 0, 0, 0]
        for port: UInt16 in 1000..<2000 {
            let flow = FourTuple(
                local: SocketAddress(address: BareLinks.own4, port: 80),
                remote: SocketAddress(address: BareLinks.peer4, port: port))
            let first = link.host.tcp.listener(for: flow, on: link.first, link.host.network.hash)
            let again = link.host.tcp.listener(for: flow, on: link.first, link.host.network.hash)
            #expect(first == again)
            let key = try #require(first)
            counts[try #require(places[key])] += 1
        }
        #expect(counts.allSatisfy { (180...320).contains($0) }, "\(counts)")
    }

    @Test("Datagrams are spread over equal endpoints; a connected one keeps its peer's")
    func datagrams() throws {
        let link = BareLinks()
        var endpoints: [EndpointID] = []
        for _ in 0..<3 {
            endpoints.append(
                try link.bound(BareLinks.name("0.0.0.0:53")) { $0.sharesPort = true })
        }
        let local = SocketAddress(address: BareLinks.own4, port: 53)
        for port: UInt16 in 1000..<1150 {
            let remote = SocketAddress(address: BareLinks.peer4, port: port)
            link.inject(link.udp(from: remote, to: local, [1]))
        }
        var counts: [Int] = []
        for endpoint in endpoints { counts.append(try link.marks(endpoint).count) }
        #expect(counts.reduce(0, +) == 150)
        #expect(counts.allSatisfy { (30...70).contains($0) }, "\(counts)")
        let friend = SocketAddress(address: BareLinks.peer4, port: 1000)
        try link.host.connect(endpoints[1], to: friend)
        for _ in 0..<10 { link.inject(link.udp(from: friend, to: local, [2])) }
        #expect(try link.marks(endpoints[1]).count == 10)
    }

    @Test("An endpoint of the address goes before those of the interface")
    func address() throws {
        let link = BareLinks()
        let exact = try link.bound(BareLinks.name("10.7.0.1:53")) { $0.sharesAddress = true }
        let bound = try link.bound(BareLinks.name("0.0.0.0:53")) { options in
            options.sharesAddress = true
            options.boundInterface = link.first
        }
        let remote = SocketAddress(address: BareLinks.peer4, port: 9)
        link.inject(
            link.udp(from: remote, to: SocketAddress(address: BareLinks.own4, port: 53), [1]))
        #expect(try link.marks(exact) == [1])
        #expect(try link.marks(bound) == [])
    }
}
