import Devices
import Glibc
import Sockets
import Stack
import Testing
import Wire

/// What options do to the packets that leave, seen at the other end of the wire.
@Suite("Options on the wire", .timeLimit(.minutes(1)))
struct SendingOptionTests {
    private let payload = [UInt8](repeating: 7, count: 100)

    /// The packet that a socket sends.
    private func sent(
        _ seen: Observed, _ socket: Socket, _ target: SocketAddress = Observed.there,
        control: [ControlMessage] = [], flags: MessageFlags = []
    ) throws -> [UInt8] {
        _ = try socket.sendMessage(
            payload.span, to: .internet(target), control: control, flags: flags)
        return try seen.next()
    }

    @Test("hops, class, fragmentation and options stand in the header of IPv4")
    func ipv4Header() throws {
        let seen = try Observed("udp")
        defer { seen.end() }
        let socket = Socket(.datagram, on: seen.net.left)
        try socket.setOption(.timeToLive, 17)
        try socket.setOption(.typeOfService, 0xB8)
        let first = try sent(seen, socket)
        #expect(first[8] == 17 && first[1] == 0xB8 && first[0] == 0x45)
        #expect(first[6] & 0x40 != 0)
        try socket.setOption(.mtuDiscovery, .fragment)
        #expect(try sent(seen, socket)[6] & 0x40 == 0)
        // Record route with two places; the last byte is the end.
        try socket.setOption(.ipOptions, [7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        let traced = try sent(seen, socket)
        #expect(traced[0] == 0x48)
        #expect(Array(traced[20..<23]) == [7, 11, 4])
        #expect(traced.count == 32 + 8 + 100)
        try socket.setOption(.ipOptions, [])
        #expect(try sent(seen, socket)[0] == 0x45)
    }

    @Test("hops and class stand in the header of IPv6, and not those of the other family")
    func ipv6Header() throws {
        let seen = try Observed("udp", type: .ipv6)
        defer { seen.end() }
        let socket = Socket(.datagram, family: .inet6, on: seen.net.left)
        try socket.setOption(.unicastHops, 9)
        try socket.setOption(.v6TrafficClass, 0x20)
        try socket.setOption(.timeToLive, 33)
        let packet = try sent(seen, socket, Observed.there6)
        #expect(packet[7] == 9)
        #expect(packet[0] == 0x62 && packet[1] >> 4 == 0)
        // The same socket speaks IPv4 with the hops of its own.
        let receiver = Socket(.datagram, on: seen.net.right)
        try receiver.bind(to: Observed.there)
        try receiver.setOption(.receivesTimeToLive, true)
        _ = try socket.sendMessage(payload.span, to: .internet(Observed.there))
        #expect(try receive(receiver).control(0, 2) == [33, 0, 0, 0])
    }

    @Test("a stream's packets have the hops and the class of its options")
    func stream() throws {
        let seen = try Observed("tcp")
        defer { seen.end() }
        let listener = try seen.net.listener(80)
        let socket = Socket(.stream, on: seen.net.left)
        try socket.setOption(.timeToLive, 5)
        try socket.setOption(.typeOfService, 0xFF)
        try socket.setOption(.maximumSegmentSize, 1000)
        try socket.setOption(.ipOptions, [1, 1, 1, 0])
        try socket.connect(to: Wired.address(2, 80))
        let syn = try seen.next()
        // The bits of ECN are TCP's.
        #expect(syn[8] == 5 && syn[1] == 0xFC && syn[0] == 0x46)
        #expect(Array(syn[44..<48]) == [2, 4, 3, 0xE8])
        listener.close()
    }

    @Test("control messages go before options, for one datagram")
    func control() throws {
        let seen = try Observed("udp")
        defer { seen.end() }
        let socket = Socket(.datagram, on: seen.net.left)
        try socket.setOption(.timeToLive, 17)
        let hops = ControlMessage(level: 0, type: 2, bytes: [3, 0, 0, 0])
        let tos = ControlMessage(level: 0, type: 1, bytes: [0x40])
        let packet = try sent(seen, socket, control: [hops, tos])
        #expect(packet[8] == 3 && packet[1] == 0x40)
        #expect(try sent(seen, socket)[8] == 17)
        // From an address of the host's own, out of the interface that is named.
        let source = ControlMessage(
            level: 0, type: 8, bytes: [2, 0, 0, 0, 10, 0, 0, 1, 0, 0, 0, 0])
        #expect(try Array(sent(seen, socket, control: [source])[12..<16]) == [10, 0, 0, 1])
        let segments = ControlMessage(level: 17, type: 103, bytes: [60, 0])
        #expect(try sent(seen, socket, control: [segments]).count == 28 + 60)
        #expect(try seen.next().count == 28 + 40)
    }

    @Test(
        "control messages that are badly made are refused",
        arguments: [
            ControlMessage(level: 0, type: 2, bytes: [0, 0, 0, 0]),
            ControlMessage(level: 0, type: 2, bytes: [3]),
            ControlMessage(level: 0, type: 1, bytes: [1, 1]),
            ControlMessage(level: 0, type: 1, bytes: [0, 1, 0, 0]),
            ControlMessage(level: 0, type: 8, bytes: [1, 0, 0, 0]),
            ControlMessage(level: 0, type: 231, bytes: [1, 0, 0, 0]),
            ControlMessage(level: 17, type: 103, bytes: [1, 0, 0, 0]),
            ControlMessage(level: 1, type: 231, bytes: [1, 0, 0, 0]),
        ])
    func badControl(_ message: ControlMessage) throws {
        let net = try Wired()
        defer { net.end() }
        let socket = Socket(.datagram, on: net.left)
        #expect(throws: SocketError(EINVAL, in: "sendmsg")) {
            try socket.sendMessage(
                payload.span, to: .internet(Observed.there), control: [message])
        }
        // What belongs to a level that the socket has not is passed over.
        let foreign = ControlMessage(level: 41, type: 52, bytes: [1])
        let count = try socket.sendMessage(
            payload.span, to: .internet(Observed.there), control: [foreign])
        #expect(count == 100)
    }

    @Test("parts become one datagram: by MSG_MORE, and by UDP_CORK until it is turned off")
    func corked() throws {
        let seen = try Observed("udp")
        defer { seen.end() }
        let socket = Socket(.datagram, on: seen.net.left)
        let half = [UInt8](repeating: 1, count: 50)
        _ = try socket.sendMessage(half.span, to: .internet(Observed.there), flags: .more)
        #expect(try sent(seen, socket).count == 28 + 150)
        try socket.setOption(.corksDatagrams, true)
        for _ in 0..<3 { _ = try socket.sendMessage(half.span, to: .internet(Observed.there)) }
        try socket.setOption(.corksDatagrams, false)
        #expect(try seen.next().count == 28 + 150)
        #expect(try !seen.hasMore)
    }

    @Test("a segment size as an option cuts all that is sent")
    func segmented() throws {
        let seen = try Observed("udp")
        defer { seen.end() }
        let socket = Socket(.datagram, on: seen.net.left)
        try socket.setOption(.segmentSize, 40)
        #expect(try sent(seen, socket).count == 28 + 40)
        #expect(try seen.next().count == 28 + 40)
        #expect(try seen.next().count == 28 + 20)
    }

    @Test("datagrams of IPv4 go without a checksum where that is said")
    func unsummed() throws {
        let seen = try Observed("udp")
        defer { seen.end() }
        let socket = Socket(.datagram, on: seen.net.left)
        #expect(try Array(sent(seen, socket)[26..<28]) != [0, 0])
        try socket.setOption(.omitsChecksum, true)
        #expect(try Array(sent(seen, socket)[26..<28]) == [0, 0])
    }

    @Test("what stays on the link passes no router")
    func staysOnLink() throws {
        let net = try Wired()
        defer { net.end() }
        try net.left.withHost { (host: inout Host) throws(StackError) in
            guard let everywhere = IPPrefix(address: .unspecifiedV4, length: 0) else { return }
            try host.addRoute(
                Route(
                    to: everywhere, through: .v4(10, 0, 0, 2), on: InterfaceID(rawValue: 1)))
        }
        let far = SocketAddress(address: .v4(192, 0, 2, 1), port: 9)
        let socket = Socket(.datagram, on: net.left)
        try socket.send(payload.span, to: far)
        #expect(throws: SocketError(ENETUNREACH, in: "sendto")) {
            try socket.sendMessage(payload.span, to: .internet(far), flags: .dontRoute)
        }
        try socket.setOption(.staysOnLink, true)
        #expect(throws: SocketError(ENETUNREACH, in: "sendto")) {
            try socket.send(payload.span, to: far)
        }
        try socket.send(payload.span, to: Observed.there)
    }

    @Test("packets to groups have hops, an interface and a source of their own")
    func groups() throws {
        let seen = try Observed("udp")
        defer { seen.end() }
        let socket = Socket(.datagram, on: seen.net.left)
        try socket.setOption(.multicastTimeToLive, 8)
        try socket.setOption(.multicastInterface, .v4(10, 0, 0, 1))
        let group = SocketAddress(address: .v4(239, 1, 2, 3), port: 9)
        let packet = try sent(seen, socket, group)
        #expect(packet[8] == 8)
        #expect(Array(packet[12..<16]) == [10, 0, 0, 1])
        #expect(try socket.option(.multicastInterface) == .v4(10, 0, 0, 1))
    }

    @Test("what must not be fragmented is refused: by the class of MTU discovery, over IPv6 too")
    func unfragmented() throws {
        let net = try Wired(inet6: true)
        defer { net.end() }
        let large = [UInt8](repeating: 1, count: 1500)
        let socket = Socket(.datagram, family: .inet6, on: net.left)
        try socket.send(large.span, to: Observed.there6)
        try socket.setOption(.neverFragments, true)
        #expect(throws: SocketError(EMSGSIZE, in: "sendto")) {
            try socket.send(large.span, to: Observed.there6)
        }
        try socket.send(large.span, to: Observed.there)
        try socket.setOption(.mtuDiscovery, .interface)
        #expect(throws: SocketError(EMSGSIZE, in: "sendto")) {
            try socket.send(large.span, to: Observed.there)
        }
    }

    @Test("a source and an interface of IPv6 hold until they are taken back")
    func sticky() throws {
        let seen = try Observed("udp", type: .ipv6)
        defer { seen.end() }
        try seen.net.left.withHost { (host: inout Host) throws(StackError) in
            let second = IPPrefix(address: Wired.address6(9, 0).address, length: 64)
            if let second { try host.addAddress(second, on: InterfaceID(rawValue: 1)) }
        }
        let socket = Socket(.datagram, family: .inet6, on: seen.net.left)
        let source: [UInt8] = [0xFD] + [UInt8](repeating: 0, count: 14) + [9]
        try socket.setOption(level: 41, name: 50, (source + bytes(of: 2)).span)
        #expect(try Array(sent(seen, socket, Observed.there6)[8..<24]) == source)
        #expect(throws: SocketError(EINVAL, in: "setsockopt")) {
            try socket.setOption(level: 41, name: 50, source.span)
        }
        try socket.setOption(level: 41, name: 50, [UInt8]().span)
        #expect(try Array(sent(seen, socket, Observed.there6)[8..<24]) != source)
    }
}
