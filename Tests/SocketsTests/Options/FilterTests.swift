import Devices
import Glibc
import Sockets
import Stack
import Testing
import Wire

/// Filters on sockets: programs of the packet filter, types of ICMP.
@Suite("Filters of sockets", .timeLimit(.minutes(1)))
struct FilterTests {
    private let payload = [UInt8](repeating: 7, count: 40)

    @Test("a datagram socket hears what its filter lets through, cut as it says")
    func datagrams() throws {
        let net = try Wired()
        defer { net.end() }
        let receiver = Socket(.datagram, on: net.right)
        try receiver.bind(to: Observed.there)
        receiver.receiveTimeout = .seconds(10)
        // Of the source port 1111 all, of others the header and 10 bytes.
        let program = try PacketFilter([
            .init(code: 0x28, k: 0), .init(code: 0x15, jumpFalse: 1, k: 1111),
            .init(code: 0x06, k: 0xFFFF), .init(code: 0x06, k: 18),
        ])
        try receiver.attachFilter(program)
        for (port, count) in [(1111, 40), (2222, 10)] as [(UInt16, Int)] {
            let sender = Socket(.datagram, on: net.left)
            try sender.bind(to: Wired.address(1, port))
            try sender.send(payload.span, to: Observed.there)
            #expect(try receive(receiver).fullCount == count)
        }
        // One that lets nothing through, until it is taken away.
        try receiver.attachFilter(PacketFilter([.init(code: 0x06, k: 0)]))
        let sender = Socket(.datagram, on: net.left)
        try sender.send(payload.span, to: Observed.there)
        while net.right.withHost({ $0.counters[.filteredByEndpoint] }) == 0 { usleep(1000) }
        try receiver.detachFilter()
        try sender.send(payload.span, to: Observed.there)
        #expect(try receive(receiver).count == 40)
        #expect(try !receiver.readiness.contains(.readable))
        #expect(throws: SocketError(ENOENT, in: "setsockopt")) { try receiver.detachFilter() }
    }

    @Test("a socket of the link hears what an expression of libpcap says")
    func frames() throws {
        let seen = try Observed("udp dst port 4000 and less 80")
        defer { seen.end() }
        let sender = Socket(.datagram, on: seen.net.left)
        try sender.send([UInt8](repeating: 1, count: 500).span, to: Observed.there)
        try sender.send(payload.span, to: Wired.address(2, 4001))
        try sender.send(payload.span, to: Observed.there)
        #expect(try seen.next().count == 68)
        #expect(try !seen.hasMore)
        #expect(throws: SocketError(EINVAL, in: "pcap_compile")) {
            try PacketFilter("no such expression")
        }
    }

    @Test(
        "programs that Linux refuses are refused",
        arguments: [
            // None; no return; a jump out; an unknown instruction; a division by zero; a shift of
            // 32 places; scratch memory beyond its end, and read before it was written.
            [], [PacketFilter.Instruction(code: 0x00, k: 1)],
            [.init(code: 0x05, k: 1), .init(code: 0x06)],
            [.init(code: 0x15, jumpTrue: 0, jumpFalse: 5), .init(code: 0x06)],
            [.init(code: 0xFF), .init(code: 0x06)], [.init(code: 0x34, k: 0), .init(code: 0x06)],
            [.init(code: 0x64, k: 32), .init(code: 0x06)],
            [.init(code: 0x02, k: 16), .init(code: 0x06)],
            [.init(code: 0x60, k: 3), .init(code: 0x06)],
        ])
    func refused(_ program: [PacketFilter.Instruction]) throws {
        #expect(throws: StackError.invalidArgument) { try PacketFilter(program) }
        let net = try Wired()
        defer { net.end() }
        let socket = Socket(.datagram, on: net.left)
        #expect(throws: SocketError(EINVAL, in: "setsockopt")) {
            try socket.setOption(level: 1, name: 26, [1, 2, 3].span)
        }
    }

    @Test("types of ICMP are chosen by a bit each, of as many bytes as are given")
    func icmp() throws {
        let net = try Wired()
        defer { net.end() }
        let v4 = Socket(.raw(.icmp), on: net.left)
        #expect(try v4.option(level: 255, name: 1, capacity: 64) == [0, 0, 0, 0])
        try v4.setOption(level: 255, name: 1, [1].span)
        #expect(try v4.option(level: 255, name: 1, capacity: 64) == [1, 0, 0, 0])
        let v6 = Socket(.raw(.icmpv6), family: .inet6, on: net.left)
        var filter = ICMPFilter.blockingAll
        filter[129] = true
        try v6.setFilter(filter)
        let told = try v6.option(level: 58, name: 1, capacity: 64)
        #expect(told.count == 32 && told[16] == 0xFD && told[0] == 0xFF)
        #expect(throws: SocketError(ENOPROTOOPT, in: "setsockopt")) {
            try v6.setOption(level: 255, name: 1, [0, 0, 0, 0].span)
        }
    }
}
