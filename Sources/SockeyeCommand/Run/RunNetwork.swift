import Devices
import Equipment
import Gateway
import Launcher
import Memory
import Setup
import Sockets
import Stack
import Wire

/// The network that a program finds under `sockeye run`: its own host at 10.0.2.15, and on the same
/// wire the gateway at 10.0.2.2, which carries on what the program sends, and whose host is
/// `services.sockeye` at 10.0.2.4 too.
///
/// Whatever is done to the program's packets is done on its host's side of the wire, which carries
/// merged packets from hand to hand. Neither host has a thread: the launcher's loop drives both.
struct RunNetwork {
    /// The program's host.
    let program: HostDriver
    private let gateway: Gateway
    private let services: BuiltInServices
    private let isIsolated: Bool
    /// The network that other runs share; nil where there is none.
    private let membership: RunMembership?

    /// The memory for all packets of a run.
    static func pools() -> BufferPools { BufferPools(BufferPools.Plan(byteLimit: 128 << 20)) }

    /// - Parameters:
    ///   - firewall: What fences the program; nil where nothing does.
    ///   - watcher: Who is shown all that passes a link of the program's, and what is dropped there,
    ///     by the link's place in `RunAddresses.interfaces`.
    init(
        _ options: RunOptions, pools: BufferPools, firewall: LinkFirewall?,
        watcher: (Int) -> (any LinkWatcher)?
    ) throws(CommandError) {
        let (near, far) = try Self.wire(mtu: options.mtu, pools)
        let membership = try RunMembership.joined(options, pools: pools)
        let shared = membership?.deviceLink(
            options, pools: pools, firewall: firewall, watcher: watcher(1))
        program = try Self.program(near, options, pools, firewall, watcher(0), shared)
        gateway = try Self.gateway(far, options, pools)
        services = try BuiltInServices(
            on: gateway.network,
            at: RunAddresses.services.families(withIPv6: options.usesIPv6).map(\.address))
        isIsolated = options.isIsolated
        self.membership = membership
        membership?.tellNames(to: gateway, withIPv6: options.usesIPv6)
        for port in options.published { try publish(port) }
    }

    private static func wire(
        mtu: Int, _ pools: BufferPools
    ) throws(CommandError) -> (WireEnd, WireEnd) {
        let capabilities = DeviceCapabilities(
            isEthernet: true, mtu: mtu, offloadsChecksums: true, segments: true)
        do throws(DeviceError) {
            return try MemoryWire.pair(capabilities: capabilities, pools: pools)
        } catch {
            throw .failure("run: \(error)")
        }
    }

    private static func program(
        _ end: WireEnd, _ options: RunOptions, _ pools: BufferPools, _ firewall: LinkFirewall?,
        _ watcher: (any LinkWatcher)?, _ shared: DeviceLink?
    ) throws(CommandError) -> HostDriver {
        let addresses = RunAddresses.program.families(withIPv6: options.usesIPv6)
        let gateways = RunAddresses.gateway.families(withIPv6: options.usesIPv6)
        return try BuiltHost.make(
            addresses[0],
            { hardwareAddress in
                DeviceLink(
                    .wire(end), name: RunAddresses.interface, hardwareAddress: hardwareAddress,
                    addresses: addresses,
                    impairments: LinkImpairments(
                        outgoing: options.impairments.outgoing,
                        incoming: options.impairments.incoming,
                        seed: options.seed.map { ($0, 0) } ?? SystemRandom.seed(), pools: pools),
                    firewall: firewall, watcher: watcher
                ) { settings in
                    settings.routesLoopback = !options.isIsolated
                }
            }, gateways: gateways.map(\.address), others: shared.map { [$0] } ?? [], pools: pools)
    }

    private static func gateway(
        _ end: WireEnd, _ options: RunOptions, _ pools: BufferPools
    ) throws(CommandError) -> Gateway {
        func addresses(_ prefixes: [IPPrefix]) -> [IPAddress] {
            prefixes.families(withIPv6: options.usesIPv6).map(\.address)
        }
        var configuration = GatewayConfiguration()
        configuration.addresses = RunAddresses.gateway.families(withIPv6: options.usesIPv6)
        configuration.nameServers = addresses(RunAddresses.resolver)
        configuration.services = addresses(RunAddresses.services)
        configuration.inside = addresses(RunAddresses.program)
        configuration.names =
            addresses(RunAddresses.services).map { ("services.sockeye", $0) }
            + addresses(RunAddresses.gateway).map { ("gateway.sockeye", $0) }
        configuration.mtu = options.mtu
        configuration.pools = pools
        if options.isIsolated {
            let isolation = Isolation(
                options.rules, gateway: configuration.addresses.map(\.address))
            configuration.allows = isolation.allows
        }
        do throws(SocketError) {
            return try Gateway(.wire(end), configuration)
        } catch {
            throw .failure("run: \(error)")
        }
    }

    /// Leads a port of the machine's to the program.
    private func publish(_ port: PortPublication) throws(CommandError) {
        let kind: EndpointKind = port.transport == .tcp ? .stream : .datagram
        // The loopback address that was connected to, and the host's own for all others.
        let inside = SocketAddress(address: .unspecifiedV4, port: port.inner)
        do throws(SocketError) {
            do throws(SocketError) {
                let address = port.address ?? .unspecifiedV6
                try gateway.publish(
                    kind, at: SocketAddress(address: address, port: port.outer), to: inside)
            } catch {
                // A machine may have no IPv6.
                guard port.address == nil, error.code == StackError.addressFamilyNotSupported.code
                else { throw error }
                try gateway.publish(
                    kind, at: SocketAddress(address: .unspecifiedV4, port: port.outer), to: inside)
            }
        } catch {
            throw .failure("run: --publish \(port): \(error)")
        }
    }

    /// What the launcher is to know of it.
    func setting(_ names: ProgramNames, besides others: [any EventSource]) -> ProgramNetwork {
        let own: [(any EventSource)?] = [program, gateway, membership]
        return ProgramNetwork(
            Network(program), sources: own.compactMap { $0 } + others,
            ports: isIsolated ? nil : GatewayPorts(gateway),
            loopbackInterface: isIsolated ? nil : RunAddresses.interface, names: names)
    }

    func end() {
        services.end()
        gateway.stop()
    }
}
