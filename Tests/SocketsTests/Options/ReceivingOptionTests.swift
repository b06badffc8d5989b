import Devices
import Glibc
import Sockets
import Stack
import Testing
import Wire

/// What is told beside datagrams that are received.
@Suite("Control messages received", .timeLimit(.minutes(1)))
struct ReceivingOptionTests {
    private let payload = Array("hello".utf8)

    /// A socket on the right host and one on the left that sends to it.
    private func pair(
        _ net: Wired, _ family: AddressFamily = .inet
    ) throws -> (sender: Socket, receiver: Socket) {
        let receiver = Socket(.datagram, family: family, on: net.right)
        let any: IPAddress = family == .inet ? .unspecifiedV4 : .unspecifiedV6
        try receiver.bind(to: SocketAddress(address: any, port: Observed.port))
        receiver.receiveTimeout = .seconds(10)
        return (Socket(.datagram, family: family, on: net.left), receiver)
    }

    @Test("nothing is told that was not asked for")
    func nothing() throws {
        let net = try Wired()
        defer { net.end() }
        let (sender, receiver) = try pair(net)
        try sender.send(payload.span, to: Observed.there)
        #expect(try receive(receiver).control.isEmpty)
    }

    @Test("of IPv4: destination and interface, hops, class, options, original destination")
    func ipv4() throws {
        let net = try Wired()
        defer { net.end() }
        let (sender, receiver) = try pair(net)
        for key in [
            SocketOption.receivesPacketInfo, .receivesTimeToLive, .receivesTypeOfService,
            .receivesIPOptions, .receivesDestination,
        ] {
            try receiver.setOption(key, true)
        }
        try sender.setOption(.timeToLive, 21)
        try sender.setOption(.typeOfService, 0x28)
        try sender.setOption(.ipOptions, [1, 1, 1, 0])
        try sender.send(payload.span, to: Observed.there)
        let message = try receive(receiver)
        #expect(message.count == 5)
        #expect(message.control(0, 8) == [2, 0, 0, 0, 10, 0, 0, 2, 10, 0, 0, 2])
        #expect(message.control(0, 2) == [21, 0, 0, 0])
        #expect(message.control(0, 1) == [0x28])
        #expect(message.control(0, 6) == [1, 1, 1, 0])
        #expect(
            message.control(0, 20) == [2, 0, 15, 160, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(message.control.count == 5)
    }

    @Test("of IPv6: destination and interface, hops, class, original destination")
    func ipv6() throws {
        let net = try Wired(inet6: true)
        defer { net.end() }
        let (sender, receiver) = try pair(net, .inet6)
        for key in [
            SocketOption.receivesV6PacketInfo, .receivesHopLimit, .receivesV6TrafficClass,
            .receivesV6Destination,
        ] {
            try receiver.setOption(key, true)
        }
        let hops = ControlMessage(level: 41, type: 52, bytes: [44, 0, 0, 0])
        let trafficClass = ControlMessage(level: 41, type: 67, bytes: [0x60, 0, 0, 0])
        _ = try sender.sendMessage(
            payload.span, to: .internet(Observed.there6), control: [hops, trafficClass])
        let message = try receive(receiver)
        let own: [UInt8] = [0xFD] + [UInt8](repeating: 0, count: 14) + [2]
        #expect(message.control(41, 50) == own + [2, 0, 0, 0])
        #expect(message.control(41, 52) == [44, 0, 0, 0])
        #expect(message.control(41, 67) == [0x60, 0, 0, 0])
        #expect(
            message.control(41, 74) == [10, 0, 15, 160, 0, 0, 0, 0] + own + [0, 0, 0, 0])
        // IPv4 at the same socket tells what is asked of IPv4, and its destination either way.
        try sender.send(payload.span, to: Observed.there)
        let mapped = try receive(receiver)
        #expect(mapped.control.count == 1)
        #expect(mapped.control(41, 50)?.suffix(8) == [10, 0, 0, 2, 2, 0, 0, 0])
    }

    @Test("the time of arrival, in micro- or nanoseconds since 1970")
    func times() throws {
        let net = try Wired()
        defer { net.end() }
        let (sender, receiver) = try pair(net)
        let before = WallClock.now().seconds
        try receiver.setOption(.reportsTime, true)
        try sender.send(payload.span, to: Observed.there)
        let coarse = try #require(try receive(receiver).control(1, 29))
        #expect(coarse.count == 16)
        #expect((before - 1...before + 60).contains(Int(number(coarse))))
        #expect((0..<1_000_000).contains(Int(number(Array(coarse[8...])))))
        try receiver.setOption(.reportsNanoseconds, true)
        #expect(try !receiver.option(.reportsTime))
        try sender.send(payload.span, to: Observed.there)
        let message = try receive(receiver)
        #expect(message.control(1, 29) == nil)
        let fine = try #require(message.control(1, 35))
        #expect((before - 1...before + 60).contains(Int(number(fine))))
    }

    @Test("how many datagrams were lost for want of room")
    func drops() throws {
        let net = try Wired()
        defer { net.end() }
        let (sender, receiver) = try pair(net)
        try receiver.setOption(.reportsDrops, true)
        try receiver.setOption(.receiveBuffer, 0)
        for _ in 0..<3 { try sender.send(payload.span, to: Observed.there) }
        // The last of a few more proves that those before have come.
        while net.right.withHost({ $0.counters[.udpQueueFull] }) < 2 { usleep(1000) }
        #expect(try receive(receiver).control(1, 40) == nil)
        try sender.send(payload.span, to: Observed.there)
        #expect(try receive(receiver).control(1, 40) == [2, 0, 0, 0])
    }

    @Test("a kept error comes with what was sent, whom it was for and who told")
    func errors() throws {
        let net = try Wired()
        defer { net.end() }
        let socket = Socket(.datagram, on: net.left)
        try socket.setOption(.receivesErrors, true)
        try socket.send(payload.span, to: Wired.address(2, 9))
        while try !socket.readiness.contains(.error) { usleep(1000) }
        var bytes = [UInt8](repeating: 0, count: 100)
        var buffer = bytes.mutableSpan
        let message = try socket.receiveMessage(into: &buffer, flags: .errorQueue)
        #expect(Array(bytes[..<message.count]) == payload)
        #expect(message.flags == .errorQueue)
        #expect(message.source == .internet(Wired.address(2, 9)))
        let told = try #require(message.control(0, 11))
        // Refused, by ICMP, type 3, code 3; then who told it.
        #expect(number(told) == ECONNREFUSED)
        #expect(Array(told[4..<8]) == [2, 3, 3, 0])
        #expect(Array(told[16..<24]) == [2, 0, 0, 0, 10, 0, 0, 2])
        #expect(told.count == 32)
        #expect(throws: SocketError(EAGAIN, in: "recvmsg")) { try receive(socket, .errorQueue) }
    }

    @Test("what is too long for the path is told of too, over IPv6")
    func tooLong() throws {
        let net = try Wired(inet6: true)
        defer { net.end() }
        let socket = Socket(.datagram, family: .inet6, on: net.left)
        try socket.setOption(.receivesV6Errors, true)
        try socket.setOption(.v6MTUDiscovery, .required)
        let large = [UInt8](repeating: 0, count: 1500)
        #expect(throws: SocketError(EMSGSIZE, in: "sendto")) {
            try socket.send(large.span, to: Observed.there6)
        }
        let message = try receive(socket, .errorQueue)
        let told = try #require(message.control(41, 25))
        #expect(number(told) == EMSGSIZE)
        // By this host, with the MTU of the path.
        #expect(told[4] == 1 && told.count == 44)
        #expect(number(Array(told[8...])) == 1500)
    }

    @Test("peeking leaves the datagram, and tells the same")
    func peek() throws {
        let net = try Wired()
        defer { net.end() }
        let (sender, receiver) = try pair(net)
        try receiver.setOption(.receivesTimeToLive, true)
        try sender.send(payload.span, to: Observed.there)
        for flags in [MessageFlags.peek, []] {
            let message = try receive(receiver, flags)
            #expect(message.count == 5 && message.control(0, 2) == [64, 0, 0, 0])
        }
        #expect(throws: SocketError(EAGAIN, in: "recvmsg")) { try receive(receiver, .dontWait) }
    }

    @Test("a datagram is cut to the buffer, and its whole length is told")
    func truncated() throws {
        let net = try Wired()
        defer { net.end() }
        let (sender, receiver) = try pair(net)
        try sender.send(payload.span, to: Observed.there)
        var bytes = [UInt8](repeating: 0, count: 2)
        var buffer = bytes.mutableSpan
        let message = try receiver.receiveMessage(into: &buffer, flags: .truncated)
        #expect(message.count == 2 && message.fullCount == 5)
        #expect(message.flags.contains(.truncated))
    }

    @Test("datagrams have no urgent bytes")
    func urgent() throws {
        let net = try Wired()
        defer { net.end() }
        let (sender, _) = try pair(net)
        #expect(throws: SocketError(EOPNOTSUPP, in: "sendmsg")) {
            try sender.sendMessage(
                payload.span, to: .internet(Observed.there), flags: .urgent)
        }
    }
}
