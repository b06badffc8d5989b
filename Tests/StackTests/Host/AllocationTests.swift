import CAllocationCounter
import Memory
import Testing
import Wire

@testable import Stack

/// Two hosts whose packets go straight from one to the other.
private struct Pair: ~Copyable {
    var a: Host
    var b: Host
    var now = Instant.zero
    var packets = 0
    let interface = InterfaceID(rawValue: 1)

    init(link: Simulation.LinkKind, offloads: Bool) {
        let pools = BufferPools(BufferPools.Plan(byteLimit: 32 << 20))
        a = Host(HostConfiguration(seed: (1, 2)), pools: pools)
        b = Host(HostConfiguration(seed: (3, 4)), pools: pools)
        for number in 1...2 as ClosedRange<UInt8> {
            let address = IPAddress.v4(10, 0, 0, number)
            let mac = MACAddress(2, 0, 0, 0, 0, number)
            let configuration = InterfaceConfiguration(
                name: "wire", link: link == .ip ? .ip : .ethernet(mac),
                addresses: [IPPrefix(address: address, length: 24) ?? IPPrefix(host: address)],
                offloadsChecksums: offloads, segments: offloads)
            if number == 1 { a.addInterface(configuration) } else { b.addInterface(configuration) }
        }
    }

    /// Carries packets until none is left.
    mutating func settle() {
        now = now + .microseconds(10)
        while true {
            a.advance(to: now)
            b.advance(to: now)
            let before = packets
            while let packet = a.nextOutput(on: interface) {
                b.receive(packet, on: interface, at: now)
                packets += 1
            }
            while let packet = b.nextOutput(on: interface) {
                a.receive(packet, on: interface, at: now)
                packets += 1
            }
            while a.nextReady() != nil {}
            while b.nextReady() != nil {}
            if packets == before { return }
        }
    }

    mutating func connect() throws(StackError) -> (client: EndpointID, server: EndpointID) {
        let listener = b.open(.stream)
        let address = SocketAddress(address: .v4(10, 0, 0, 2), port: 9)
        try b.bind(listener, to: address)
        try b.listen(listener, backlog: 8)
        let client = a.open(.stream)
        do throws(StackError) { try a.connect(client, to: address) } catch .inProgress {}
        settle()
        return (client, try b.accept(listener))
    }
}

/// Whether the optimiser has worked on the code: without it generic loops of the standard library
/// allocate.
private let isOptimised: Bool = {
    var isDebug = false
    assert(
        {
            isDebug = true
            return true
        }())
    return !isDebug
}()

/// No heap allocation per packet in the steady state (docs/ARCHITECTURE.md):
///
///     swift test -c release -Xswiftc -enable-testing --filter AllocationTests
@Suite(
    "Allocations",
    .enabled("counted in release builds without sanitizers") {
        isOptimised && allocation_counter_is_available()
    })
struct AllocationTests {
    static let packets = 100_000

    @Test(
        "A bulk transfer allocates nothing once it runs", arguments: Simulation.LinkKind.allCases,
        [false, true])
    func bulk(_ link: Simulation.LinkKind, _ offloads: Bool) throws {
        var pair = Pair(link: link, offloads: offloads)
        let (client, server) = try pair.connect()
        let block = [UInt8](repeating: 7, count: 64 << 10)
        var sink = [UInt8](repeating: 0, count: 64 << 10)
        // A merged packet carries as much as forty plain ones.
        let wanted = offloads ? Self.packets / 20 : Self.packets
        var counted = 0
        var before = 0
        while pair.packets < wanted + wanted / 10 {
            if counted == 0, pair.packets > wanted / 10 {
                counted = pair.packets
                before = allocation_counter_value()
            }
            // Nothing is tried that would throw: the testing library allocates for every error.
            if try pair.a.readiness(of: client).contains(.writable) {
                _ = try pair.a.send(client, block.span)
            }
            pair.settle()
            while try pair.b.receivableCount(of: server) > 0 {
                var span = sink.mutableSpan
                _ = try pair.b.receive(server, into: &span)
            }
        }
        let allocations = allocation_counter_value() - before
        #expect(counted > 0)
        #expect(allocations == 0)
    }

    @Test("Questions and answers over TCP allocate nothing once they run")
    func questions() throws {
        var pair = Pair(link: .ethernet, offloads: false)
        let (client, server) = try pair.connect()
        let question = [UInt8](repeating: 7, count: 100)
        var sink = [UInt8](repeating: 0, count: 1000)
        var before = 0
        for round in 0..<11_000 {
            if round == 1000 { before = allocation_counter_value() }
            _ = try pair.a.send(client, question.span)
            pair.settle()
            var span = sink.mutableSpan
            let count = try pair.b.receive(server, into: &span)
            _ = try pair.b.send(server, sink.span.extracting(first: count))
            pair.settle()
            span = sink.mutableSpan
            _ = try pair.a.receive(client, into: &span)
        }
        let allocations = allocation_counter_value() - before
        #expect(allocations == 0)
    }

    @Test("Datagrams allocate nothing once they run")
    func datagrams() throws {
        var pair = Pair(link: .ethernet, offloads: false)
        let server = pair.b.open(.datagram)
        try pair.b.bind(server, to: SocketAddress(address: .unspecifiedV4, port: 7))
        let client = pair.a.open(.datagram)
        try pair.a.connect(client, to: SocketAddress(address: .v4(10, 0, 0, 2), port: 7))
        let question = [UInt8](repeating: 7, count: 100)
        var sink = [UInt8](repeating: 0, count: 1000)
        var before = 0
        for round in 0..<11_000 {
            if round == 1000 { before = allocation_counter_value() }
            try pair.a.send(client, question.span, to: nil)
            pair.settle()
            var span = sink.mutableSpan
            let datagram = try pair.b.receiveDatagram(server, into: &span)
            try pair.b.send(
                server, sink.span.extracting(first: datagram.count), to: datagram.source)
            pair.settle()
            span = sink.mutableSpan
            _ = try pair.a.receiveDatagram(client, into: &span)
        }
        let allocations = allocation_counter_value() - before
        #expect(allocations == 0)
    }
}
