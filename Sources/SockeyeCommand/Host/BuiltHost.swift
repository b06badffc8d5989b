import Devices
import Equipment
import Memory
import Sockets
import Stack
import Wire

/// A host with its devices and captures, as the command line asked for it.
struct BuiltHost {
    let driver: HostDriver
    private let recordings: [Recording]

    /// Opens all devices and captures.
    init(_ plan: HostPlan, pools: BufferPools = BufferPools(.init(byteLimit: 64 << 20)))
        throws(CommandError)
    {
        var links: [DeviceLink] = []
        var recordings: [Recording] = []
        for link in plan.links {
            let recording = try Recording(
                path: link.capture, linkType: link.isEthernet ? .ethernet : .rawIP)
            links.append(try Self.open(link, plan, pools, recording))
            recordings.append(recording)
        }
        let routes = try plan.stackRoutes("host")
        driver = try Self.make(
            links, routes: routes, forwards: plan.forwards, pools: pools)
        self.recordings = recordings
    }

    /// Starts the thread of the host.
    func start() throws(CommandError) { try Self.start(driver) }

    /// Ends the host, resetting what is still open, and the captures.
    func stop() throws(CommandError) {
        driver.stop()
        for recording in recordings { try recording.close() }
    }

    // MARK: - Links

    private static func open(
        _ link: LinkOptions, _ plan: HostPlan, _ pools: BufferPools, _ recording: Recording
    ) throws(CommandError) -> DeviceLink {
        guard let request = link.device else { preconditionFailure("a plan's links have devices") }
        let device: Device
        do throws(DeviceError) {
            device = try Device(
                request, mtu: link.mtu ?? 1500, offloads: link.offloads, pools: pools)
        } catch {
            throw .failure("\(error)")
        }
        let capabilities = device.capabilities
        if let mtu = link.mtu, mtu > capabilities.mtu {
            throw .failure(
                "--mtu: \(link.name) carries packets of \(capabilities.mtu) bytes, not \(mtu)")
        }
        let seed = plan.seed.map { ($0, UInt64(0)) } ?? SystemRandom.seed()
        return DeviceLink(
            device, name: link.name, hardwareAddress: hardwareAddress(link),
            addresses: link.addresses,
            mtu: link.mtu,
            impairments: LinkImpairments(
                outgoing: link.impairments.outgoing, incoming: link.impairments.incoming,
                seed: seed, pools: pools),
            observer: recording.observer, settings: link.configure)
    }

    /// A locally administered address made from the link's first one, or at random.
    private static func hardwareAddress(_ link: LinkOptions) -> MACAddress {
        if let given = link.hardwareAddress { return given }
        if let first = link.addresses.first { return hardwareAddress(first) }
        return MACAddress(0x0200_0000_0000 | SystemRandom.seed().0 & 0xFF_FFFF_FFFF)
    }

    /// A locally administered address with the host's own in it.
    private static func hardwareAddress(_ prefix: IPPrefix) -> MACAddress {
        MACAddress(0x0200_0000_0000 | prefix.address.low & 0xFFFF_FFFF)
    }

    // MARK: - Hosts

    /// A host on one Ethernet link.
    static func make(
        _ device: consuming Device, named name: String, at prefix: IPPrefix, pools: BufferPools,
        observer: PacketObserver? = nil
    ) throws(CommandError) -> HostDriver {
        let link = DeviceLink(
            device, name: name, hardwareAddress: hardwareAddress(prefix), addresses: [prefix],
            observer: observer)
        return try make([link], pools: pools)
    }

    private static func make(
        _ links: [DeviceLink], routes: [Route] = [], forwards: Bool = false, pools: BufferPools
    ) throws(CommandError) -> HostDriver {
        var configuration = HostConfiguration(seed: SystemRandom.seed())
        configuration.forwards = forwards
        do throws(SocketError) {
            return try HostDriver(configuration, links: links, routes: routes, pools: pools)
        } catch {
            throw .failure("cannot make the host: \(error)")
        }
    }

    /// Starts the thread of a host.
    static func start(_ host: HostDriver) throws(CommandError) {
        do throws(SocketError) { try host.start() } catch { throw .failure("\(error)") }
    }
}
