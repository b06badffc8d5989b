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
struct BuiltInNetwork {
    /// The program's host, driven by the launcher's loop.
    let program: HostDriver
    private let services: HostDriver
    private let serving: Task<Void, Never>

    private static let programPrefix = IPPrefix(address: .v4(10, 0, 2, 15), length: 24)
    private static let servicesPrefix = IPPrefix(address: .v4(10, 0, 2, 4), length: 24)

    /// - Parameters:
    ///   - impairments: What happens to packets, each way.
    ///   - seed: Decides which packets it happens to; nil for chance.
    ///   - mtu: The largest IP packet on the wire, in bytes.
    ///   - segments: Whether the wire carries merged packets.
    ///   - observer: Is shown the packets of the program's host.
    init(
        _ impairments: ImpairmentOptions, seed: UInt64?, mtu: Int, segments: Bool,
        observer: PacketObserver?
    ) throws(CommandError) {
        guard let programPrefix = Self.programPrefix, let servicesPrefix = Self.servicesPrefix
        else { throw .failure("24 is a prefix length") }
        let pools = BufferPools(BufferPools.Plan(byteLimit: 128 << 20))
        let capabilities = DeviceCapabilities(
            isEthernet: true, mtu: mtu, offloadsChecksums: true, segments: segments)
        let ends: (WireEnd, WireEnd)
        do throws(DeviceError) {
            ends = try MemoryWire.pair(
                capabilities: capabilities, forth: impairments.outgoing,
                back: impairments.incoming,
                seed: seed.map { ($0, 0) } ?? SystemRandom.seed(), pools: pools)
        } catch {
            throw .failure("\(error)")
        }
        program = try BuiltHost.make(
            .wire(ends.0), named: "eth0", at: programPrefix, pools: pools, observer: observer)
        services = try BuiltHost.make(
            .wire(ends.1), named: "eth0", at: servicesPrefix, pools: pools)
        serving = try Self.serve(on: services)
        try BuiltHost.start(services)
    }

    private static func serve(on host: HostDriver) throws(CommandError) -> Task<Void, Never> {
        let kinds: [ServiceRequest.Kind] = [
            .echo, .discard, .daytime, .chargen, .dns, .http(directory: nil),
        ]
        do throws(ServiceError) {
            let set = try ServiceSet(kinds.map { ServiceRequest($0) }, on: Network(host))
            return Task { await set.run() }
        } catch {
            throw .failure("\(error)")
        }
    }

    func end() {
        serving.cancel()
        services.stop()
    }
}
