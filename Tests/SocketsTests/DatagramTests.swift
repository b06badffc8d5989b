import Devices
import Glibc
import Sockets
import Stack
import Testing
import Wire

@Suite("Datagram sockets", .timeLimit(.minutes(1)))
struct DatagramTests {
    @Test("a datagram comes back to where it came from")
    func echo() async throws {
        let net = try Wired()
        defer { net.end() }
        let server = Socket(.datagram, on: net.right)
        try server.bind(to: Wired.address(2, 7))
        let client = Socket(.datagram, on: net.left)
        try client.send(Array("ping".utf8).span, to: Wired.address(2, 7))
        var buffer = [UInt8](repeating: 0, count: 100)
        let question = try await server.receiveDatagram(into: &buffer)
        #expect(question.source == (try client.localAddress).with(address: .v4(10, 0, 0, 1)))
        try server.send(buffer.span.extracting(first: question.count), to: question.source)
        let answer = try await client.receiveDatagram(into: &buffer)
        #expect(answer.source == Wired.address(2, 7))
        #expect(Array(buffer[..<answer.count]) == Array("ping".utf8))
    }

    @Test("a connected socket learns that nobody is there")
    func refused() async throws {
        let net = try Wired()
        defer { net.end() }
        let client = Socket(.datagram, on: net.left)
        try await client.connect(to: Wired.address(2, 9999))
        try client.send(Array("?".utf8).span, to: nil)
        var buffer = [UInt8](repeating: 0, count: 10)
        var code: CInt = 0
        do throws(SocketError) {
            _ = try await client.receiveDatagram(into: &buffer)
        } catch {
            code = error.code
        }
        #expect(code == ECONNREFUSED)
    }

    @Test("a datagram that does not fit the link is refused where it must not be fragmented")
    func tooLong() throws {
        let net = try Wired()
        defer { net.end() }
        let client = Socket(.datagram, on: net.left)
        try client.setOption(.mtuDiscovery, .required)
        let payload = [UInt8](repeating: 0, count: 1473)
        #expect(throws: SocketError(EMSGSIZE, in: "sendto")) {
            try client.send(payload.span, to: Wired.address(2, 7))
        }
    }

    @Test("a socket of IPv6 speaks both families, and tells what came with a datagram")
    func dual() async throws {
        let net = try Wired()
        defer { net.end() }
        let server = Socket(.datagram, family: .inet6, on: net.right)
        try server.bind(to: SocketAddress(address: .unspecifiedV6, port: 7))
        let client = Socket(.datagram, on: net.left)
        var control = DatagramControl()
        control.timeToLive = 33
        control.trafficClass = 0x20
        try client.send([1].span, to: Wired.address(2, 7), control)
        var buffer = [UInt8](repeating: 0, count: 4)
        let datagram = try await server.receiveDatagram(into: &buffer)
        #expect(datagram.destination == Wired.address(2, 7))
        #expect(datagram.timeToLive == 33 && datagram.trafficClass == 0x20)
        #expect(datagram.interface == InterfaceID(rawValue: 1))
        // To itself over IPv6.
        let six = Socket(.datagram, family: .inet6, on: net.right)
        try six.send([9].span, to: SocketAddress(address: IPAddress(IPv6Address.loopback), port: 7))
        let own = try await server.receiveDatagram(into: &buffer)
        #expect(buffer[0] == 9 && !own.source.address.isIPv4)
    }

    @Test("what may not be sent says why, and what is closed has no options")
    func options() throws {
        let net = try Wired()
        defer { net.end() }
        let socket = Socket(.datagram, on: net.left)
        #expect(throws: SocketError(EACCES, in: "sendto")) {
            try socket.send(
                [1].span, to: SocketAddress(address: .v4(255, 255, 255, 255), port: 9))
        }
        #expect(throws: SocketError(EAFNOSUPPORT, in: "sendto")) {
            try socket.send(
                [1].span, to: SocketAddress(address: IPAddress(IPv6Address.loopback), port: 9))
        }
        socket.close()
        #expect(throws: SocketError(EBADF, in: "getsockopt")) { try socket.option(.timeToLive) }
    }

    @Test("a peer is fixed and dissolved, a datagram looked at before it is taken")
    func peers() async throws {
        let net = try Wired()
        defer { net.end() }
        let server = Socket(.datagram, on: net.right)
        try server.bind(to: Wired.address(2, 7))
        let client = Socket(.datagram, on: net.left)
        try await client.connect(to: Wired.address(2, 7))
        #expect(try client.remoteAddress == Wired.address(2, 7))
        try client.send([1, 2].span, to: nil)
        var buffer = [UInt8](repeating: 0, count: 2)
        try await server.wait(for: .readable)
        var span = buffer.mutableSpan
        #expect(try server.peekDatagramNow(into: &span).count == 2)
        #expect(try await server.receiveDatagram(into: &buffer).count == 2)
        try client.disconnect()
        #expect(throws: SocketError(EDESTADDRREQ, in: "sendto")) {
            try client.send([1].span, to: nil)
        }
    }

    @Test("errors are kept for who asks for them, with who reported them")
    func errors() async throws {
        let net = try Wired()
        defer { net.end() }
        let client = Socket(.datagram, on: net.left)
        try client.setOption(.receivesErrors, true)
        try client.send([1].span, to: Wired.address(2, 9999))
        try await client.wait(for: .error)
        let error = try client.nextError()
        #expect(error?.reason == .connectionRefused && error?.reporter == .v4(10, 0, 0, 2))
        #expect(error?.destination == Wired.address(2, 9999))
        #expect(try client.nextError() == nil)
    }

    @Test("a group's datagrams reach its members, and one that has left no more")
    func groups() async throws {
        let net = try Wired()
        defer { net.end() }
        let group = SocketAddress(address: .v4(239, 1, 2, 3), port: 7)
        let member = Socket(.datagram, on: net.right)
        try member.bind(to: group)
        try member.joinGroup(group.address)
        let sender = Socket(.datagram, on: net.left)
        try sender.send([1].span, to: group)
        var buffer = [UInt8](repeating: 0, count: 2)
        #expect(try await member.receiveDatagram(into: &buffer).destination == group)
        try member.blockSource(.v4(10, 0, 0, 1), of: group.address)
        try member.unblockSource(.v4(10, 0, 0, 1), of: group.address)
        try member.leaveGroup(group.address)
        #expect(throws: SocketError(EADDRNOTAVAIL, in: "setsockopt")) {
            try member.leaveGroup(group.address)
        }
    }
}

extension SocketAddress {
    func with(address: IPAddress) -> SocketAddress { SocketAddress(address: address, port: port) }
}
