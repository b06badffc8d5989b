// Gateway: the way out of hosts that have no other, over sockets of the machine's.
//
// May use: Devices and Sockets, and Names for the machine's name servers. Promises: nothing is accepted
// before the machine's own connect has succeeded; no byte is kept outside the queues of both sides.
public import Devices
import Memory
import Names
public import Sockets
public import Stack
import Wire

/// The gateway of hosts that have no other way out: a Sockeye host that stands in for the whole world
/// and carries what comes for it on to sockets of the machine's.
///
/// It stands at one end of a link with Ethernet frames and needs no privilege. A connection is accepted
/// only when the machine's own connect has succeeded, and refused as that was; bytes pass as both sides
/// take them; what one side ends, or resets, is ended and reset on the other. Datagrams have a socket of
/// the machine's for each sender inside, from which everybody's answers are let in. Its folders:
/// `Streams` and `Datagrams` (echoes too) carry, `Names` answers for DNS, `Publication` lets the
/// machine's world in, `Kernel` watches the machine's sockets.
///
/// It has no thread: the owner's event loop drives it, as `EventSource` says. All calls belong on the
/// thread of that loop; sockets on `network` may be used on any.
public final class Gateway: EventSource {
    /// The gateway's host, for sockets at the addresses that the configuration leaves to them.
    public let driver: HostDriver
    let configuration: GatewayConfiguration
    let kernel: KernelMembers
    let nameServers: NameServers
    /// Connections by their end inside.
    var streams: [EndpointID: StreamFlow] = [:]
    /// Connections to name servers that were not passed on yet.
    var nameStreams: [EndpointID: NameStream] = [:]
    var datagrams = DatagramFlows()
    var echoes = EchoFlows()
    var queries = NameQueries()
    var ports = PublishedPorts()
    /// Connections that found no memory, and are tried again after a while.
    var unfinished: [StreamFlow] = []
    /// What was carried, and what was not.
    public internal(set) var statistics = GatewayStatistics()
    var readSide = ReadSide()
    var nextSweep = Instant.never
    var machine = MachineAddresses()

    /// The link to the hosts inside: number 0 of the gateway's host is its loopback.
    static let inside = InterfaceID(rawValue: 1)

    /// The network of the gateway's host.
    public var network: Network { Network(driver) }

    /// - Parameters:
    ///   - device: The link; the other end is the host inside, or a switch.
    ///   - observer: Is shown every packet.
    /// - Throws: `EMFILE` or `ENFILE` when no descriptor can be had.
    public init(
        _ device: consuming Device, _ configuration: GatewayConfiguration = GatewayConfiguration(),
        observer: PacketObserver? = nil
    ) throws(SocketError) {
        self.configuration = configuration
        let services = configuration.services
        let link = DeviceLink(
            device, name: "eth0", hardwareAddress: configuration.hardwareAddress,
            addresses: configuration.prefixes, mtu: configuration.mtu, observer: observer
        ) { settings in
            settings.routesLoopback = true
            settings.transparency = Transparency(isOn: true, sparing: services)
        }
        let routes = configuration.inside.map { host in
            Route(to: host.isIPv4 ? .allIPv4 : .allIPv6, through: host, on: Self.inside)
        }
        driver = try HostDriver(
            HostConfiguration(seed: configuration.seed), links: [link], routes: routes,
            pools: configuration.pools)
        driver.startReporting()
        kernel = try KernelMembers()
        nameServers = NameServers(configuration)
    }

    // MARK: - Driving

    public var descriptors: [CInt] { driver.descriptors + [kernel.descriptor] }

    public var nextDeadline: Instant {
        driver.hasReports ? .zero : min(driver.nextDeadline, nextSweep)
    }

    public func acknowledgeWakeUp() { driver.acknowledgeWakeUp() }

    public var hasUnsent: Bool { driver.hasUnsent }

    public func turn() -> Bool {
        let received = driver.turn()
        let now = MonotonicClock.now()
        let events = kernel.look()
        readSide.takeReports(driver)
        let isDue = nextSweep <= now
        guard received || events > 0 || isDue || !readSide.reports.isEmpty else { return false }
        driver.withOwnHost { host in serve(&host, events, at: now, sweeps: isDue) }
        return true
    }

    /// One look at everything, the host's lock held: no call here waits.
    private func serve(
        _ host: inout Host, _ events: Int, at now: Instant, sweeps: Bool
    ) {
        while let request = host.nextStreamRequest() { open(request, &host) }
        takeDatagrams(&host, at: now)
        while let echo = host.nextForeignEcho() { carry(echo, &host, at: now) }
        for index in 0..<events {
            let (member, ready) = kernel.event(index)
            member?.isReady(ready, self, &host, at: now)
        }
        for report in readSide.reports {
            if let flow = streams[report.endpoint] {
                run(flow, &host)
            } else if let stream = nameStreams[report.endpoint] {
                run(stream, report.endpoint, &host)
            }
        }
        readSide.reports.removeAll(keepingCapacity: true)
        if sweeps { sweep(&host, at: now) }
    }

    /// How often flows and questions are looked at that may have waited too long.
    private static var sweepInterval: Interval { .milliseconds(250) }

    /// Has the sweep run while there is something that may come of age.
    func scheduleSweep(at now: Instant) {
        if nextSweep == .never { nextSweep = now + Self.sweepInterval }
    }

    private func sweep(_ host: inout Host, at now: Instant) {
        sweepDatagrams(at: now)
        sweepEchoes(&host, at: now)
        sweepQueries(&host, at: now)
        let again = unfinished
        unfinished.removeAll(keepingCapacity: true)
        for flow in again { run(flow, &host) }
        let isEmpty =
            datagrams.isEmpty && echoes.isEmpty && queries.isEmpty && unfinished.isEmpty
        nextSweep = isEmpty ? .never : now + Self.sweepInterval
    }

    /// Resets what is open and gives all ports back.
    public func stop() {
        for port in ports.all { port.close() }
        for flow in streams.values { flow.socket.resetOnClose() }
        let sockets = streams.values.map(\.socket)
        streams.removeAll()
        kernel.removeAll()
        for socket in sockets { socket.close() }
        driver.stop()
    }
}

/// What a gateway has carried since it was made, and what it has not.
public struct GatewayStatistics: Equatable, Sendable {
    /// Connections from inside that were carried on, and from outside that were carried in.
    public var connectionsOut: UInt64 = 0
    public var connectionsIn: UInt64 = 0
    /// Connections from inside that came to nothing, for whatever reason.
    public var connectionsRefused: UInt64 = 0
    /// Bytes of connections.
    public var bytesOut: UInt64 = 0
    public var bytesIn: UInt64 = 0
    public var datagramsOut: UInt64 = 0
    public var datagramsIn: UInt64 = 0
    /// Datagrams that were not carried on: not allowed, to groups, or no socket to be had.
    public var datagramsRefused: UInt64 = 0
    public var echoes: UInt64 = 0
    /// Questions that were relayed to the machine's name servers, and answered here.
    public var queriesRelayed: UInt64 = 0
    public var queriesAnswered: UInt64 = 0
}

/// What happened at the gateway's host, taken before its lock.
struct ReadSide {
    var reports: [Host.Ready] = []

    mutating func takeReports(_ driver: HostDriver) {
        while let report = driver.takeReport() { reports.append(report) }
    }
}
