import Glibc
import Sockets
import Stack
import Testing
import Wire

/// Memberships by all of Linux's structures.
@Suite("Options on groups", .timeLimit(.minutes(1)))
struct GroupOptionTests {
    private static let group: [UInt8] = [239, 1, 2, 3]
    private static let own: [UInt8] = [10, 0, 0, 1]
    private static let source: [UInt8] = [10, 0, 0, 2]

    private func code(_ socket: Socket, _ level: Int32, _ name: Int32, _ value: [UInt8]) -> CInt {
        do throws(SocketError) {
            try socket.setOption(level: level, name: name, value.span)
            return 0
        } catch {
            return error.code
        }
    }

    private func storage(_ address: [UInt8]) -> [UInt8] {
        [2, 0, 0, 0] + address + [UInt8](repeating: 0, count: 120)
    }

    @Test("IP_ADD_MEMBERSHIP by address, by number and by route, and its opposite")
    func membership() throws {
        let net = try Wired()
        defer { net.end() }
        let socket = Socket(.datagram, on: net.left)
        #expect(code(socket, 0, 35, Self.group + Self.own) == 0)
        #expect(code(socket, 0, 35, Self.group + [0, 0, 0, 0] + bytes(of: 2)) == EADDRINUSE)
        #expect(code(socket, 0, 36, Self.group + Self.own) == 0)
        #expect(code(socket, 0, 36, Self.group + Self.own) == EADDRNOTAVAIL)
        #expect(code(socket, 0, 35, Self.group) == EINVAL)
        #expect(code(socket, 0, 35, [10, 1, 1, 1] + Self.own) == EINVAL)
        #expect(code(socket, 0, 35, Self.group + [10, 0, 0, 9]) == ENODEV)
        #expect(code(socket, 0, 35, Self.group + Self.own + bytes(of: 9)) == ENODEV)
        let stream = Socket(.stream, on: net.left)
        #expect(code(stream, 0, 35, Self.group + Self.own) == EPROTO)
    }

    @Test("sources: added, dropped, blocked, unblocked, and as a whole")
    func sources() throws {
        let net = try Wired()
        defer { net.end() }
        let socket = Socket(.datagram, on: net.left)
        let request = Self.group + Self.own + Self.source
        #expect(code(socket, 0, 39, request) == 0)
        #expect(code(socket, 0, 40, request) == 0)
        #expect(code(socket, 0, 35, Self.group + Self.own) == 0)
        #expect(code(socket, 0, 38, request) == 0)
        #expect(code(socket, 0, 38, request) == EADDRNOTAVAIL)
        #expect(code(socket, 0, 37, request) == 0)
        #expect(code(socket, 0, 38, Array(request.prefix(8))) == EINVAL)
        let filter = Self.group + Self.own + bytes(of: 1) + bytes(of: 1) + Self.source
        #expect(code(socket, 0, 41, filter) == 0)
        #expect(code(socket, 0, 41, Array(filter.dropLast(4))) == EINVAL)
        let heard = net.left.withHost { $0.memberships }
        let group = IPAddress.v4(239, 1, 2, 3)
        let mine = heard.first { $0.group == group }
        #expect(mine?.filter == SourceFilter(.include, [.v4(10, 0, 0, 2)]))
    }

    @Test("the requests that are the same for both families")
    func independent() throws {
        let net = try Wired()
        defer { net.end() }
        let socket = Socket(.datagram, on: net.left)
        let head = bytes(of: 2) + [0, 0, 0, 0]
        let group = head + storage(Self.group)
        #expect(code(socket, 0, 42, group) == 0)
        #expect(code(socket, 0, 42, group) == EADDRINUSE)
        #expect(code(socket, 0, 42, Array(group.dropLast())) == EINVAL)
        #expect(code(socket, 0, 43, group + storage(Self.source)) == 0)
        #expect(code(socket, 0, 44, group + storage(Self.source)) == 0)
        #expect(code(socket, 0, 45, group) == 0)
        #expect(code(socket, 0, 45, group) == EADDRNOTAVAIL)
        #expect(code(socket, 0, 46, group + storage(Self.source)) == 0)
        #expect(code(socket, 0, 47, group + storage(Self.source)) == 0)
    }

    @Test("groups of IPv6")
    func ipv6() throws {
        let net = try Wired(inet6: true)
        defer { net.end() }
        let socket = Socket(.datagram, family: .inet6, on: net.left)
        let group: [UInt8] = [0xFF, 2] + [UInt8](repeating: 0, count: 13) + [0x77]
        #expect(code(socket, 41, 20, group + bytes(of: 2)) == 0)
        #expect(code(socket, 41, 20, group + bytes(of: 2)) == EADDRINUSE)
        #expect(code(socket, 41, 21, group + bytes(of: 2)) == 0)
        #expect(code(socket, 41, 21, group + bytes(of: 2)) == EADDRNOTAVAIL)
        #expect(code(socket, 41, 20, group) == EINVAL)
        #expect(code(socket, 41, 20, group + bytes(of: 9)) == ENODEV)
        #expect(code(socket, 41, 20, [UInt8](repeating: 1, count: 20)) == EINVAL)
        let address = IPAddress(high: 0xFF02 << 48, low: 0x77)
        try socket.joinGroup(address, on: InterfaceID(rawValue: 1))
        try socket.leaveGroup(address, on: InterfaceID(rawValue: 1))
    }
}
