import Devices
import Equipment
import Glibc
import Memory
import Sockets
import Stack
import Synchronization
import Testing
import Wire

/// A host behind a firewall, 10.0.0.1, and one that is not, 10.0.0.2: what their programs see.
@Suite("A firewall on a host's link", .timeLimit(.minutes(1)))
struct FirewallTests {
    private func wired(_ rules: (String, FirewallRule.Action)..., inet6: Bool = false) throws
        -> Wired
    {
        try Wired(inet6: inet6, rules: rules.map { try FirewallRule($0.0, action: $0.1) })
    }

    private func code(of body: () async throws -> Void) async -> CInt {
        do {
            try await body()
            return 0
        } catch let error as SocketError {
            return error.code
        } catch {
            return -1
        }
    }

    @Test("a connection that is denied is refused at once, one that is not passes with its answers")
    func streams() async throws {
        let net = try wired(("out tcp port 81", .deny))
        defer { net.end() }
        let (open, closed) = (try net.listener(80), try net.listener(81))
        let fenced = Socket(.stream, on: net.left)
        let refused = await code { try await fenced.connect(to: Wired.address(2, 81)) }
        #expect(refused == ECONNREFUSED)
        let client = Socket(.stream, on: net.left)
        try await client.connect(to: Wired.address(2, 80))
        let server = try await open.accept()
        let text = [UInt8](repeating: 42, count: 200_000)
        async let sent: Void = client.send(text)
        var received = 0
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while received < text.count {
            let count = try await server.receive(into: &buffer)
            guard count > 0 else { break }
            received += count
        }
        try await sent
        #expect(received == text.count)
        let firewall = try #require(net.firewall)
        #expect(firewall.traffic[0].traffic.packets == 1)
        #expect(firewall.defaultTraffic.isAllowed)
        #expect(firewall.defaultTraffic.traffic.bytes > UInt64(text.count))
        withExtendedLifetime(closed) {}
    }

    @Test("a datagram that is denied is prohibited: EHOSTUNREACH over IPv4, EACCES over IPv6")
    func datagrams() async throws {
        let net = try wired(("out udp port 53", .deny), inet6: true)
        defer { net.end() }
        for (target, family, expected) in [
            (Wired.address(2, 53), AddressFamily.inet, EHOSTUNREACH),
            (Wired.address6(2, 53), .inet6, EACCES),
        ] {
            let client = Socket(.datagram, family: family, on: net.left)
            try await client.connect(to: target)
            var buffer = [UInt8](repeating: 0, count: 10)
            let code = await code {
                try client.send([1].span, to: nil)
                _ = try await client.receiveDatagram(into: &buffer)
            }
            #expect(code == expected)
        }
    }

    @Test("whoever connects to a fenced host is refused; with 'silently' it waits in vain")
    func incoming() async throws {
        let net = try wired(("in tcp port 22", .deny), ("in tcp port 23 silently", .deny))
        defer { net.end() }
        for port in [22, 23] as [UInt16] {
            let listener = Socket(.stream, on: net.left)
            try listener.bind(to: Wired.address(1, port))
            try listener.listen(backlog: 1)
        }
        let refused = Socket(.stream, on: net.right)
        let code = await code { try await refused.connect(to: Wired.address(1, 22)) }
        #expect(code == ECONNREFUSED)
        let waiting = Socket(.stream, on: net.right)
        waiting.sendTimeout = .milliseconds(300)
        let silence = await self.code { try await waiting.connect(to: Wired.address(1, 23)) }
        #expect(silence == EAGAIN)
    }

    @Test("with a rule that allows, nothing else passes, but what is answered does")
    func allowing() async throws {
        let net = try wired(("out icmp", .allow))
        defer { net.end() }
        let socket = Socket(.icmp, on: net.left)
        try await socket.connect(to: Wired.address(2, 0))
        try socket.send([8, 0, 0, 0, 0, 0, 0, 1, 42].span, to: nil)
        var buffer = [UInt8](repeating: 0, count: 100)
        let reply = try await socket.receiveDatagram(into: &buffer)
        #expect(reply.count == 9)
        let stream = Socket(.stream, on: net.left)
        let listener = try net.listener(80)
        let code = await code { try await stream.connect(to: Wired.address(2, 80)) }
        #expect(code == ECONNREFUSED)
        withExtendedLifetime(listener) {}
    }

    @Test("who is denied, which program it was and what was logged reaches the owner")
    func owner() async throws {
        let seen = Seen()
        let pools = BufferPools(BufferPools.Plan(byteLimit: 8 << 20))
        let ends = try MemoryWire.pair(
            capabilities: DeviceCapabilities(isEthernet: false, mtu: 1500), pools: pools)
        let rule = try FirewallRule("out tcp program curl log", action: .deny)
        let firewall = LinkFirewall(
            [rule], pools: pools,
            program: { flow, direction in
                direction == .outgoing && flow.destinationPort == 80 ? "curl" : nil
            },
            event: { event in seen.lines.withLock { $0.append(event.description) } },
            denial: { packet, direction, reason in
                let count = packet.count
                seen.lines.withLock { $0.append("\(count) \(direction) \(reason)") }
            })
        let link = DeviceLink(
            .wire(ends.0), name: "wire0", hardwareAddress: nil,
            addresses: [try #require(IPPrefix("10.0.0.1/24"))], firewall: firewall)
        let host = try HostDriver(HostConfiguration(seed: (1, 2)), links: [link])
        try host.start()
        defer { host.stop() }
        let client = Socket(.stream, on: host)
        let code = await code { try await client.connect(to: Wired.address(2, 80)) }
        #expect(code == ECONNREFUSED)
        let lines = seen.lines.withLock { $0 }
        try #require(lines.count == 2)
        #expect(lines[0].hasPrefix("denied out tcp 10.0.0.1:"))
        #expect(lines[0].hasSuffix("> 10.0.0.2:80 by curl (out tcp program curl log)"))
        #expect(lines[1] == "60 outgoing denied by rule 1: out tcp program curl log")
    }

    final class Seen: Sendable {
        let lines = Mutex<[String]>([])
    }
}
