import Memory
import Testing
import Wire

@testable import Stack

/// Sequenced packets within a host: connections that keep records apart (unix(7)).
@Suite("Records within a host") struct RecordTests {
    private let name = LocalName("/run/echo")

    private func receive(
        _ link: BareLinks, _ endpoint: EndpointID, upTo limit: Int = 200_000
    ) throws -> (record: Host.Record, bytes: [UInt8])? {
        var buffer = [UInt8](repeating: 0, count: limit)
        var span = buffer.mutableSpan
        guard let record = try link.host.receiveRecord(endpoint, into: &span) else { return nil }
        return (record, Array(buffer[..<record.count]))
    }

    @Test("Records arrive as they were sent: whole, apart and in order, empty ones too")
    func boundaries() throws {
        let link = BareLinks()
        let (one, other) = link.host.openPair()
        let records: [[UInt8]] = [[1, 2, 3], [], [4], [UInt8](repeating: 5, count: 180_000)]
        for record in records { try link.host.sendRecord(one, record.span) }
        try link.host.sendRecord(other, [9].span)
        for record in records { #expect(try receive(link, other)?.bytes == record) }
        #expect(try receive(link, one)?.bytes == [9])
        #expect(throws: StackError.wouldBlock) { try receive(link, one) }
        #expect(throws: StackError.messageTooLong) {
            try link.host.sendRecord(one, [UInt8](repeating: 0, count: 212_961).span)
        }
        // What the reader has no room for is lost, and its length told.
        try link.host.sendRecord(one, [1, 2, 3].span)
        try link.host.sendRecord(one, [4].span)
        let cut = try #require(try receive(link, other, upTo: 2))
        #expect(cut.bytes == [1, 2] && cut.record.fullCount == 3)
        #expect(try receive(link, other)?.bytes == [4])
        // Nothing of it went through a network.
        #expect(link.host.counters[.packetsSent] == 0)
        #expect(link.areBuffersBack)
    }

    @Test("A name is found by who connects to it; what was sent before accept is there after it")
    func names() throws {
        let link = BareLinks()
        let name = try #require(name)
        let listener = link.host.open(.sequencedPacket)
        let client = link.host.open(.sequencedPacket)
        #expect(throws: StackError.invalidArgument) {
            try link.host.listen(listener, backlog: 1)
        }
        #expect(throws: StackError.noSuchName) { try link.host.connect(client, to: name) }
        try link.host.bind(listener, to: name)
        #expect(try link.host.localName(of: listener)?.description == "/run/echo")
        #expect(throws: StackError.addressInUse) { try link.host.bind(client, to: name) }
        #expect(throws: StackError.connectionRefused) { try link.host.connect(client, to: name) }
        try link.host.listen(listener, backlog: 0)
        #expect(throws: StackError.wouldBlock) { try link.host.accept(listener) }
        try link.host.connect(client, to: name)
        try link.host.sendRecord(client, [7].span)
        #expect(try link.host.readiness(of: listener) == .readable)
        let second = link.host.open(.sequencedPacket)
        #expect(throws: StackError.wouldBlock) { try link.host.connect(second, to: name) }
        let server = try link.host.accept(listener)
        #expect(try receive(link, server)?.bytes == [7])
        #expect(throws: StackError.alreadyConnected) { try link.host.connect(client, to: name) }
        #expect(throws: StackError.notConnected) { try link.host.sendRecord(second, [1].span) }
        // The name goes with its endpoint, and with it who waited there.
        try link.host.connect(second, to: name)
        try link.host.close(listener)
        #expect(try link.host.readiness(of: second).contains(.hangup))
        try link.host.bind(link.host.open(.sequencedPacket), to: name)
    }

    @Test("A reader that does not read costs its sender's buffer; reading lets the sender go on")
    func bounded() throws {
        let link = BareLinks()
        let (one, other) = link.host.openPair()
        var count = 0
        while (try? link.host.sendRecord(one, [1].span)) != nil { count += 1 }
        // As many as on Linux, which counts 768 bytes for each.
        #expect(count == 278)
        #expect(try link.host.readiness(of: one).isDisjoint(with: [.writable, .room]))
        while link.host.nextReady() != nil {}
        // Room is told of when three quarters are free.
        for _ in 0..<208 { _ = try receive(link, other) }
        #expect(link.host.nextReady() == nil)
        _ = try receive(link, other)
        let told = link.host.nextReady()
        #expect(told?.endpoint == one && told?.events == [.writable, .room])
        try link.host.sendRecord(one, [1].span)
    }

    @Test("Each side ends by itself; who left without reading is told of as a reset")
    func ends() throws {
        let link = BareLinks()
        let (one, other) = link.host.openPair()
        try link.host.sendRecord(one, [1].span)
        try link.host.shutdownSend(one)
        #expect(throws: StackError.brokenPipe) { try link.host.sendRecord(one, [2].span) }
        #expect(try receive(link, other)?.bytes == [1])
        #expect(try receive(link, other) == nil)
        try link.host.sendRecord(other, [3].span)
        #expect(try receive(link, one)?.bytes == [3])
        try link.host.sendRecord(other, [4].span)
        try link.host.close(one)
        #expect(try link.host.readiness(of: other).isSuperset(of: [.hangup, .error]))
        #expect(throws: StackError.connectionReset) { try link.host.sendRecord(other, [5].span) }
        #expect(throws: StackError.brokenPipe) { try link.host.sendRecord(other, [5].span) }
        #expect(try receive(link, other) == nil)
        try link.host.close(other)
        #expect(link.areBuffersBack)
    }

    @Test("Other calls say that this is no socket of the network, and theirs are not for others")
    func misuse() throws {
        let link = BareLinks()
        let endpoint = link.host.open(.sequencedPacket)
        let datagrams = link.host.open(.datagram)
        #expect(throws: StackError.addressFamilyNotSupported) {
            try link.host.bind(endpoint, to: BareLinks.name("10.7.0.1:80"))
        }
        #expect(throws: StackError.addressFamilyNotSupported) {
            try link.host.connect(endpoint, to: BareLinks.name("10.7.0.1:80"))
        }
        #expect(throws: StackError.notSupported) {
            try link.host.send(endpoint, [1].span, to: BareLinks.name("10.7.0.1:80"))
        }
        #expect(throws: StackError.notSupported) {
            try link.host.sendRecord(datagrams, [1].span)
        }
        #expect(throws: StackError.notSupported) {
            try link.host.joinGroup(endpoint, .v4(239, 1, 2, 3))
        }
        try link.host.close(endpoint)
        #expect(throws: StackError.badDescriptor) {
            try link.host.sendRecord(endpoint, [1].span)
        }
    }
}
