import Devices
import Equipment
import Memory
import Sockets
import Stack
import Wire

/// Two hosts on a wire, 10.0.0.1 and 10.0.0.2, if asked fd00::1 and fd00::2 too, each with its own
/// thread, until `end`.
final class Wired: Sendable {
    let left: HostDriver
    let right: HostDriver
    /// What the left host is fenced with.
    let firewall: LinkFirewall?

    /// - Parameter rules: What fences the left host.
    init(
        _ impairments: Impairments? = nil, segments: Bool = true, inet6: Bool = false,
        rules: [FirewallRule]? = nil,
        configure: (inout HostConfiguration) -> Void = { _ in }
    ) throws {
        let pools = BufferPools(BufferPools.Plan(byteLimit: 64 << 20))
        let capabilities = DeviceCapabilities(
            isEthernet: true, mtu: 1500, offloadsChecksums: true, segments: segments)
        let ends = try MemoryWire.pair(
            capabilities: capabilities, forth: impairments, back: impairments, seed: (5, 6),
            pools: pools)
        var configuration = HostConfiguration(seed: SystemRandom.seed())
        configure(&configuration)
        firewall = rules.map { LinkFirewall($0, pools: pools) }
        left = try Self.host(ends.0, 1, configuration, inet6, firewall)
        configuration.seed = SystemRandom.seed()
        right = try Self.host(ends.1, 2, configuration, inet6)
        try left.start()
        try right.start()
    }

    private static func host(
        _ end: WireEnd, _ number: UInt8, _ configuration: HostConfiguration, _ inet6: Bool,
        _ firewall: LinkFirewall? = nil
    ) throws -> HostDriver {
        let v4 = IPPrefix(address: .v4(10, 0, 0, number), length: 24)
        let v6 = inet6 ? IPPrefix(address: address6(number, 0).address, length: 64) : nil
        let link = DeviceLink(
            .wire(end), name: "wire0", hardwareAddress: MACAddress(2, 0, 0, 0, 0, number),
            addresses: [v4, v6].compactMap { $0 }, firewall: firewall)
        return try HostDriver(configuration, links: [link])
    }

    func end() {
        left.stop()
        right.stop()
    }

    static func address(_ number: UInt8, _ port: UInt16) -> SocketAddress {
        SocketAddress(address: .v4(10, 0, 0, number), port: port)
    }

    static func address6(_ number: UInt8, _ port: UInt16) -> SocketAddress {
        SocketAddress(
            address: IPAddress(high: 0xFD00 << 48, low: UInt64(number)), port: port)
    }

    /// A listener on the right host.
    func listener(_ port: UInt16, backlog: Int = 16) throws -> Socket {
        let socket = Socket(.stream, on: right)
        try socket.bind(to: Self.address(2, port))
        try socket.listen(backlog: backlog)
        return socket
    }
}
