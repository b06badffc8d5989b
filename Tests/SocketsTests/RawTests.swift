import Devices
import Glibc
import Sockets
import Stack
import Testing
import Wire

/// Sockets below the transports: packets of a protocol, echoes, frames.
@Suite("Raw and packet sockets", .timeLimit(.minutes(1)))
struct RawTests {
    @Test("a protocol of one's own passes between two hosts")
    func ownProtocol() async throws {
        let net = try Wired()
        defer { net.end() }
        let proto = IPProtocol(rawValue: 253)
        let server = Socket(.raw(proto), on: net.right)
        let client = Socket(.raw(proto), on: net.left)
        try client.send([1, 2, 3].span, to: Wired.address(2, 0))
        var buffer = [UInt8](repeating: 0, count: 100)
        let packet = try await server.receiveDatagram(into: &buffer)
        #expect(packet.source == Wired.address(1, 0))
        #expect(Array(buffer[20..<packet.count]) == [1, 2, 3])
    }

    @Test("an echo comes back to the socket that asked for it")
    func echo() async throws {
        let net = try Wired()
        defer { net.end() }
        let socket = Socket(.icmp, on: net.left)
        try await socket.connect(to: Wired.address(2, 0))
        try socket.send([8, 0, 0, 0, 0, 0, 0, 1, 42].span, to: nil)
        var buffer = [UInt8](repeating: 0, count: 100)
        let reply = try await socket.receiveDatagram(into: &buffer)
        #expect(reply.source == Wired.address(2, 0) && reply.count == 9)
        #expect(buffer[0] == 0 && buffer[8] == 42)
        #expect(throws: SocketError(EINVAL, in: "sendto")) { try socket.send([3].span, to: nil) }
        let raw = Socket(.raw(.icmp), on: net.left)
        try raw.setFilter(.blockingAll)
        #expect(throws: SocketError(ENOPROTOOPT, in: "setsockopt")) {
            try socket.setFilter(.blockingAll)
        }
    }

    @Test("frames pass below all protocols, and are counted")
    func frames() async throws {
        let net = try Wired()
        defer { net.end() }
        let type = EtherType(rawValue: 0x88B5)
        let interface = InterfaceID(rawValue: 1)
        let server = Socket(.packet(.payload), on: net.right)
        try server.bind(to: PacketAddress(interface: interface, etherType: type))
        let client = Socket(.packet(.payload), on: net.left)
        try client.sendFrame(
            [7, 8, 9].span,
            to: PacketAddress(
                interface: interface, etherType: type, address: MACAddress(2, 0, 0, 0, 0, 2)))
        var buffer = [UInt8](repeating: 0, count: 100)
        let frame = try await server.receiveFrame(into: &buffer)
        #expect(frame.direction == .host && frame.source == MACAddress(2, 0, 0, 0, 0, 1))
        #expect(Array(buffer[..<frame.count]) == [7, 8, 9])
        #expect(try server.takePacketStatistics().received == 1)
        var span = buffer.mutableSpan
        #expect(throws: SocketError(EAGAIN, in: "recvfrom")) {
            try server.receiveFrameNow(into: &span)
        }
        server.receiveTimeout = .milliseconds(10)
        #expect(throws: SocketError(EAGAIN, in: "recvfrom")) {
            try server.receiveFrame(into: &span)
        }
        try server.setPromiscuous(true, on: interface)
        #expect(net.right.withHost { $0.isPromiscuous(interface) })
        server.close()
        #expect(!net.right.withHost { $0.isPromiscuous(interface) })
    }

    @Test("records pass between two sockets of a host, whole and apart")
    func records() async throws {
        let net = try Wired()
        defer { net.end() }
        let name = try #require(LocalName("/run/service"))
        let listener = Socket(.sequencedPacket, on: net.left)
        try listener.bind(to: name)
        try listener.listen()
        async let accepted = listener.accept()
        let client = Socket(.sequencedPacket, on: net.left)
        try client.connect(to: name)
        let server = try await accepted
        #expect(server.kind == .sequencedPacket)
        async let reading = {
            var buffer = [UInt8](repeating: 0, count: 4)
            var counts: [Int] = []
            while let record = try await server.receiveRecord(into: &buffer) {
                counts.append(record.count)
            }
            return counts
        }()
        for count in [1, 3, 2] {
            try await client.sendRecord([UInt8](repeating: 1, count: count))
        }
        try client.shutdown(.sending)
        #expect(try await reading == [1, 3, 2])
        let (one, other) = Socket.pair(on: net.left)
        try one.sendRecord([7].span)
        var buffer = [UInt8](repeating: 0, count: 4)
        #expect(try await other.receiveRecord(into: &buffer)?.count == 1)
        var span = buffer.mutableSpan
        #expect(throws: SocketError(EAGAIN, in: "recvmsg")) {
            try other.receiveRecordNow(into: &span)
        }
    }
}
