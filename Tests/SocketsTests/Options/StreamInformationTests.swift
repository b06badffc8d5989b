import Devices
import Glibc
import Sockets
import Stack
import Testing
import Wire

/// What a connection tells of itself, and options of streams that are no plain numbers.
@Suite("Options of a connection", .timeLimit(.minutes(1)))
struct StreamInformationTests {
    private func pair(_ net: Wired) async throws -> (client: Socket, server: Socket) {
        let listener = try net.listener(80)
        async let accepted = listener.accept()
        let client = Socket(.stream, on: net.left)
        try await client.connect(to: Wired.address(2, 80))
        return (client, try await accepted)
    }

    @Test("TCP_INFO has Linux's layout: state, options, sizes, what was carried")
    func information() async throws {
        let net = try Wired()
        defer { net.end() }
        let idle = Socket(.stream, on: net.left)
        let before = try idle.option(level: 6, name: 11, capacity: 512)
        #expect(before.count == 280 && before[0] == 7)
        let (client, server) = try await pair(net)
        try await client.send([UInt8](repeating: 1, count: 5000))
        var buffer = [UInt8](repeating: 0, count: 5000)
        var count = 0
        while count < 5000 { count += try await server.receive(into: &buffer) }
        let info = try server.option(level: 6, name: 11, capacity: 512)
        #expect(info[0] == 1 && info[5] & 7 == 7)
        #expect(number(Array(info[16...])) == 1448)
        #expect(number(Array(info[128...])) == 5000)
        #expect(number(Array(info[60...])) == 1500)
        // Segments came in, merged ones as one, and nothing was sent again.
        #expect(number(Array(info[140...])) >= 2)
        #expect(number(Array(info[100...])) == 0)
        while try client.option(.statistics).counters.bytesAcknowledged < 5000 { usleep(1000) }
        let statistics = try client.option(.statistics)
        #expect(statistics.state == .established && statistics.roundTrip > .zero)
        #expect(try server.option(level: 6, name: 11, capacity: 10).count == 10)
        #expect(try client.option(.maximumSegmentSize) == 1448)
        #expect(try client.option(.pathMTU) == 1500)
    }

    @Test("congestion controls are known by name; what is unknown is no entry")
    func congestion() throws {
        let net = try Wired()
        defer { net.end() }
        let socket = Socket(.stream, on: net.left)
        #expect(try socket.option(level: 6, name: 13, capacity: 64).count == 16)
        let name = try socket.option(.congestionControl)
        try socket.setOption(.congestionControl, name)
        #expect(throws: SocketError(ENOENT, in: "setsockopt")) {
            try socket.setOption(.congestionControl, "nonsense")
        }
        #expect(throws: SocketError(EINVAL, in: "setsockopt")) {
            try socket.setOption(level: 6, name: 13, [UInt8]().span)
        }
    }

    @Test("lingering is a switch and seconds, and needs eight bytes")
    func linger() throws {
        let net = try Wired()
        defer { net.end() }
        for kind in TriedSocket.allCases {
            let socket = kind.open(on: net.left)
            #expect(try socket.option(.lingering) == nil)
            try socket.setOption(.lingering, .seconds(5))
            #expect(try socket.option(.lingering) == .seconds(5))
            #expect(try socket.option(level: 1, name: 13, capacity: 6) == [1, 0, 0, 0, 5, 0])
            #expect(throws: SocketError(EINVAL, in: "setsockopt")) {
                try socket.setOption(level: 1, name: 13, bytes(of: 1).span)
            }
            try socket.setOption(.lingering, nil)
            #expect(try socket.option(.lingering) == nil)
        }
    }

    @Test("timeouts are a timeval whose microseconds are those of a second")
    func timeouts() throws {
        let net = try Wired()
        defer { net.end() }
        let socket = Socket(.datagram, on: net.left)
        #expect(try socket.option(.receiveTimeout) == nil)
        try socket.setOption(.receiveTimeout, .milliseconds(20))
        #expect(try socket.option(.receiveTimeout) == .milliseconds(20))
        #expect(socket.receiveTimeout == .milliseconds(20))
        #expect(throws: SocketError(EAGAIN, in: "recvmsg")) { try receive(socket) }
        let wrong = bytes(of: 0) + bytes(of: 0) + bytes(of: 1_000_000) + bytes(of: 0)
        #expect(throws: SocketError(EDOM, in: "setsockopt")) {
            try socket.setOption(level: 1, name: 20, wrong.span)
        }
        #expect(throws: SocketError(EINVAL, in: "setsockopt")) {
            try socket.setOption(level: 1, name: 21, Array(wrong.prefix(8)).span)
        }
        try socket.setOption(.sendTimeout, nil)
        #expect(socket.sendTimeout == nil)
    }

    @Test("a device is bound by name, and told by name where there is room for any")
    func device() throws {
        let net = try Wired()
        defer { net.end() }
        for kind in TriedSocket.allCases {
            let socket = kind.open(on: net.left)
            #expect(try socket.option(.boundDevice) == "")
            try socket.setOption(.boundDevice, "wire0")
            #expect(try socket.option(.boundDevice) == "wire0")
            #expect(try socket.option(.boundInterfaceIndex) == 2)
            #expect(throws: SocketError(EINVAL, in: "getsockopt")) {
                try socket.option(level: 1, name: 25, capacity: 15)
            }
            #expect(throws: SocketError(ENODEV, in: "setsockopt")) {
                try socket.setOption(.boundDevice, "wire1")
            }
            try socket.setOption(.boundDevice, "")
            #expect(try socket.option(.boundInterfaceIndex) == 0)
        }
    }

    @Test("the path's MTU is known with a peer only")
    func pathMTU() async throws {
        let net = try Wired(inet6: true)
        defer { net.end() }
        let socket = Socket(.datagram, family: .inet6, on: net.left)
        for name in [(0, 14), (41, 24)] as [(Int32, Int32)] {
            #expect(throws: SocketError(ENOTCONN, in: "getsockopt")) {
                try socket.option(level: name.0, name: name.1, capacity: 4)
            }
        }
        try await socket.connect(to: Observed.there6)
        #expect(try socket.option(.v6PathMTU) == 1500)
        #expect(throws: SocketError(ENOPROTOOPT, in: "setsockopt")) {
            try socket.setOption(.pathMTU, 1400)
        }
    }

    @Test("what a listener was told holds for what it accepts")
    func inherited() async throws {
        let net = try Wired()
        defer { net.end() }
        let listener = try net.listener(80)
        try listener.setOption(.noDelay, true)
        try listener.setOption(.keepsAlive, true)
        try listener.setOption(.keepaliveIdle, .seconds(11))
        try listener.setOption(.timeToLive, 33)
        try listener.setOption(.lingering, .seconds(7))
        async let accepted = listener.accept()
        let client = Socket(.stream, on: net.left)
        try await client.connect(to: Wired.address(2, 80))
        let server = try await accepted
        #expect(try server.option(.noDelay))
        #expect(try server.option(.keepsAlive))
        #expect(try server.option(.keepaliveIdle) == .seconds(11))
        #expect(try server.option(.timeToLive) == 33)
        #expect(try server.option(.lingering) == .seconds(7))
    }
}
