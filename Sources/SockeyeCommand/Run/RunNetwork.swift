import Devices
import Equipment
import Launcher
import Memory
import Services
import Setup
import Sockets
import Stack
import Wire

/// The network that a program finds under `sockeye run`: its own host at 10.0.2.15, and on the same
/// wire the built-in host at 10.0.2.4, `services.sockeye`.
///
/// Whatever is done to the program's packets is done on its host's side of the wire, which carries
/// merged packets from hand to hand.
struct RunNetwork {
    /// The program's host, driven by the launcher's loop.
    let program: HostDriver
    private let services: HostDriver
    private let serving: Task<Void, Never>

    /// The memory for all packets of a run.
    static func pools() -> BufferPools { BufferPools(BufferPools.Plan(byteLimit: 128 << 20)) }

    /// - Parameters:
    ///   - firewall: What fences the program; nil where nothing does.
    ///   - watcher: Is shown all that passes the program's link, and what is dropped there.
    init(
        _ options: RunOptions, pools: BufferPools, firewall: LinkFirewall?,
        watcher: (any LinkWatcher)?
    ) throws(CommandError) {
        let (near, far) = try Self.wire(mtu: options.mtu, pools)
        let programAddresses = RunAddresses.program.families(withIPv6: options.usesIPv6)
        program = try BuiltHost.make(
            programAddresses[0],
            { hardwareAddress in
                DeviceLink(
                    .wire(near), name: "eth0", hardwareAddress: hardwareAddress,
                    addresses: programAddresses,
                    impairments: LinkImpairments(
                        outgoing: options.impairments.outgoing,
                        incoming: options.impairments.incoming,
                        seed: options.seed.map { ($0, 0) } ?? SystemRandom.seed(), pools: pools),
                    firewall: firewall, watcher: watcher)
            }, gateways: [], pools: pools)
        let servicesAddresses = RunAddresses.services.families(withIPv6: options.usesIPv6)
        services = try BuiltHost.make(
            servicesAddresses[0],
            { hardwareAddress in
                DeviceLink(
                    .wire(far), name: "eth0", hardwareAddress: hardwareAddress,
                    addresses: servicesAddresses)
            }, gateways: [], pools: pools)
        serving = try Self.serve(on: services, withIPv6: options.usesIPv6)
        try BuiltHost.start(services)
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

    private static func serve(
        on host: HostDriver, withIPv6: Bool
    ) throws(CommandError) -> Task<Void, Never> {
        let kinds: [ServiceRequest.Kind] = [
            .echo, .discard, .daytime, .chargen, .dns, .http(directory: nil),
        ]
        var options = ServiceSet.Options()
        options.address = withIPv6 ? .unspecifiedV6 : .unspecifiedV4
        do throws(ServiceError) {
            let set = try ServiceSet(
                kinds.map { ServiceRequest($0) }, on: Network(host), options: options)
            return Task { await set.run() }
        } catch {
            throw .failure("run: \(error)")
        }
    }

    func end() {
        serving.cancel()
        services.stop()
    }
}
