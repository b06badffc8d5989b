import Devices
import Equipment
import Memory
import Stack
import Synchronization
import Wire

/// A network of hosts that lives in virtual time, and the programs on it.
///
///     let simulation = Simulation(seed: 7)
///     let server = try simulation.addHost("server")
///     let client = try simulation.addHost("client", link: lossy)
///     try await simulation.run {
///         async let served: Void = serve(on: server)
///         try await ask(simulation.addresses(of: "server")[0], on: client)
///         …
///     }
///
/// Whenever no task of the program can run, time jumps to the next moment at which something
/// happens: hours take milliseconds. Tasks run one after another, on one thread, and everything
/// random comes from the seed, so that the same program has the same packets and the same output
/// each time.
///
/// What takes part is the closure that `run` is given and its child tasks (`async let`, task groups),
/// waiting for sockets of the simulation's hosts and on its clock. `Task {}`, `Task.detached`,
/// `Task.sleep`, actors with executors of their own and everything of the system's live in real
/// time: where the simulation sees that a program left it, `run` fails with
/// `SimulationError.escaped`. A call that would block the thread fails with `EDEADLK`.
public final class Simulation: Sendable {
    /// Something that has turns on the agenda.
    enum Member: Sendable {
        case host(HostDriver, name: String)
        case cable(Cable)
    }

    struct State {
        /// By their numbers on the agenda.
        var members: [Member?] = []
        var names: [String: [IPAddress]] = [:]
        var random: RandomSource
        var isRunning = false
    }

    /// What hosts are plugged into unless told otherwise: 10.0.0.0/8 and fd00::/64.
    public let defaultSwitch: SimulatedSwitch
    /// The clock of all hosts; it began at zero.
    public let clock: NetworkClock
    /// Random numbers for programs.
    public let random: SimulationRandom
    /// The memory that all hosts share.
    public let pools: BufferPools

    let agenda: Agenda
    let executor: JobQueue
    let state: Mutex<State>
    private let sharedTrace = SharedTrace()

    /// - Parameter memoryLimit: Bytes for packets and queues of all hosts together, 1 MiB to 32 GiB.
    public init(seed: UInt64, memoryLimit: Int = 256 << 20) {
        pools = BufferPools(BufferPools.Plan(byteLimit: memoryLimit))
        guard let ipv4 = IPPrefix("10.0.0.0/8"), let ipv6 = IPPrefix("fd00::/64") else {
            preconditionFailure("the addresses are well formed")
        }
        defaultSwitch = SimulatedSwitch(ipv4: ipv4, ipv6: ipv6, pools: pools)
        let agenda = Agenda()
        self.agenda = agenda
        clock = NetworkClock(agenda)
        executor = JobQueue { agenda.checkResumption() }
        // Programs and network draw from sources of their own: who draws more does not change the
        // other's numbers.
        random = SimulationRandom(RandomSource(seed: seed, 1))
        state = Mutex(State(random: RandomSource(seed: seed, 2)))
    }

    /// Which packets were carried so far: to compare two runs.
    public var trace: SimulationTrace { sharedTrace.value }

    // MARK: - Building

    /// A further network of hosts, apart from the others unless a host stands in both and forwards.
    public func addSwitch(ipv4: IPPrefix, ipv6: IPPrefix) -> SimulatedSwitch {
        SimulatedSwitch(ipv4: ipv4.masked, ipv6: ipv6.masked, pools: pools)
    }

    /// How a host is plugged into a switch.
    public struct MessageAttachment: Sendable {
        public var exchange: SimulatedSwitch
        /// What happens to packets on the cable, each way; nil for nothing.
        public var impairments: Impairments?

        public init(to exchange: SimulatedSwitch, _ impairments: Impairments? = nil) {
            self.exchange = exchange
            self.impairments = impairments
        }
    }

    /// Adds a host.
    ///
    /// - Parameters:
    ///   - attachments: What it is plugged into, an interface each (`eth0` and so on).
    ///   - routes: Its ways out beside its own networks; interface 1 is the first.
    ///   - observer: Is shown every packet that it sends and receives.
    ///   - configure: Changes how it is made; the seed is the simulation's affair.
    /// - Throws: `EINVAL` for a route that leads nowhere.
    public func addHost(
        _ name: String, attachedTo attachments: [MessageAttachment], routes: [Route] = [],
        observer: PacketObserver? = nil,
        configure: (inout HostConfiguration) -> Void = { _ in }
    ) throws(SocketError) -> Network {
        let number = agenda.addMember()
        var configuration = HostConfiguration(seed: seed())
        configure(&configuration)
        var links: [DeviceLink] = []
        var addresses: [IPPrefix] = []
        for attachment in attachments {
            let (link, own) = plug(attachment, number, "eth\(links.count)", observer)
            links.append(link)
            addresses += own
        }
        let driver = try HostDriver(
            configuration, links: links, routes: routes, pools: pools,
            time: .simulated(agenda.time), alarm: .agenda(agenda, number))
        state.withLock { $0.names[name] = addresses.map(\.address) }
        enter(.host(driver, name: name), number)
        agenda.schedule(number, at: driver.nextDeadline)
        return Network(driver)
    }

    /// Adds a host that is plugged into the default switch.
    ///
    /// - Parameter link: What happens to packets on its cable, each way; nil for nothing.
    public func addHost(
        _ name: String, link: Impairments? = nil, observer: PacketObserver? = nil,
        configure: (inout HostConfiguration) -> Void = { _ in }
    ) throws(SocketError) -> Network {
        try addHost(
            name, attachedTo: [MessageAttachment(to: defaultSwitch, link)], observer: observer,
            configure: configure)
    }

    /// The addresses of a host, those of IPv4 first; none where there is no host of that name.
    public func addresses(of name: String) -> [IPAddress] {
        let addresses = state.withLock { $0.names[name] } ?? []
        return addresses.filter(\.isIPv4) + addresses.filter { !$0.isIPv4 }
    }

    /// Plugs a host into a switch; its interface and its addresses there.
    private func plug(
        _ attachment: MessageAttachment, _ host: Int, _ name: String, _ observer: PacketObserver?
    ) -> (DeviceLink, [IPPrefix]) {
        let exchange = attachment.exchange
        let port = exchange.portCount
        let addresses = exchange.addresses(of: port + 1)
        let inbox = PacketInbox()
        let forth = cable(attachment.impairments, to: .switching(exchange, port: port))
        let back = cable(attachment.impairments, to: .host(inbox, host))
        exchange.plug(back, addresses)
        // Nothing damages packets that does not complete their checksums and cut them before.
        let capabilities = DeviceCapabilities(
            isEthernet: false, offloadsChecksums: true, segments: true)
        let device = PacketPort(capabilities, inbox: inbox) { packet in forth.carry(packet) }
        let link = DeviceLink(
            .port(device), name: name, hardwareAddress: nil, addresses: addresses,
            time: .simulated(agenda.time), observer: observer)
        return (link, addresses)
    }

    private func cable(_ impairments: Impairments?, to end: Cable.End) -> Cable {
        let cable = Cable(
            impairments, to: end, seed: seed(), pools: pools, agenda: agenda, trace: sharedTrace)
        enter(.cable(cable), cable.number)
        return cable
    }

    private func enter(_ member: Member, _ number: Int) {
        state.withLock { state in
            while state.members.count <= number { state.members.append(nil) }
            state.members[number] = member
        }
    }

    private func seed() -> (UInt64, UInt64) {
        state.withLock { ($0.random.next(), $0.random.next()) }
    }
}
