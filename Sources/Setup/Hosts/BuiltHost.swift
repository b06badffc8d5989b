import Devices
import Equipment
import Memory
import Sockets
import Stack
import Wire

/// A host with its devices and captures, as the command line asked for it.
package struct BuiltHost {
    package let driver: HostDriver
    /// The far sides of links whose packets the program itself moves, by the links' names.
    package let flows: [(name: String, flow: PacketFlow)]
    private let captures: [CaptureFile]

    /// Opens all devices and captures.
    package init(_ plan: HostPlan, pools: BufferPools = BufferPools(.init(byteLimit: 64 << 20)))
        throws(CommandError)
    {
        var links: [DeviceLink] = []
        var captures: [CaptureFile] = []
        var flows: [(name: String, flow: PacketFlow)] = []
        for link in plan.links {
            let capture = try Self.capture(of: link)
            let device = try Self.device(of: link, pools)
            if let flow = device.flow { flows.append((link.name, flow)) }
            links.append(try Self.open(device, link, plan, pools, capture))
            if let capture { captures.append(capture) }
        }
        let routes = try plan.stackRoutes("host")
        driver = try Self.make(
            links, routes: routes, forwards: plan.forwards, pools: pools)
        self.flows = flows
        self.captures = captures
    }

    /// Starts the thread of the host.
    package func start() throws(CommandError) { try Self.start(driver) }

    /// Ends the host, resetting what is still open, and the captures.
    package func stop() throws(CommandError) {
        driver.stop()
        for capture in captures {
            if let error = capture.close() { throw .failure("\(error)") }
        }
    }

    // MARK: - Links

    private static func capture(of link: LinkOptions) throws(CommandError) -> CaptureFile? {
        guard let path = link.capture else { return nil }
        do throws(DeviceError) {
            return try CaptureFile(path: path, linkType: link.isEthernet ? .ethernet : .rawIP)
        } catch {
            throw .failure("\(error)")
        }
    }

    private static func device(
        of link: LinkOptions, _ pools: BufferPools
    ) throws(CommandError) -> Device {
        guard let request = link.device else { preconditionFailure("a plan's links have devices") }
        do throws(DeviceError) {
            return try Device(
                request, mtu: link.mtu ?? 1500, offloads: link.offloads, pools: pools)
        } catch {
            throw .failure("\(error)")
        }
    }

    private static func open(
        _ device: consuming Device, _ link: LinkOptions, _ plan: HostPlan, _ pools: BufferPools,
        _ capture: CaptureFile?
    ) throws(CommandError) -> DeviceLink {
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
            observer: observer(of: capture), settings: link.configure)
    }

    /// What a link shows its packets to; nil where nobody looks.
    private static func observer(of capture: CaptureFile?) -> PacketObserver? {
        guard let capture else { return nil }
        return { packet in capture.record(packet) }
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
    package static func make(
        _ device: consuming Device, named name: String, at prefix: IPPrefix, pools: BufferPools,
        observer: PacketObserver? = nil
    ) throws(CommandError) -> HostDriver {
        let link = DeviceLink(
            device, name: name, hardwareAddress: hardwareAddress(prefix), addresses: [prefix],
            observer: observer)
        return try make([link], pools: pools)
    }

    /// A host on one Ethernet link, whose way out are the routers `gateways`.
    ///
    /// - Parameters:
    ///   - first: The first of its addresses, which its hardware address is made of.
    ///   - others: Further links, to networks that need no router.
    package static func make(
        _ first: IPPrefix, _ link: (MACAddress) -> DeviceLink, gateways: [IPAddress],
        others: [DeviceLink] = [], pools: BufferPools
    ) throws(CommandError) -> HostDriver {
        let routes = gateways.map { gateway in
            Route(
                to: gateway.isIPv4 ? .allIPv4 : .allIPv6, through: gateway,
                on: HostPlan.interface(0))
        }
        return try make(
            [link(hardwareAddress(first))] + others, routes: routes, pools: pools)
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
    package static func start(_ host: HostDriver) throws(CommandError) {
        do throws(SocketError) { try host.start() } catch { throw .failure("\(error)") }
    }
}
