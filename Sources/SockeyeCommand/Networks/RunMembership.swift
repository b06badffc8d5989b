import Devices
import Equipment
import Gateway
import Memory
import Setup
import Sockets
import Stack
import Wire

/// What `--network` adds to a run: a second interface of the program's host, and the names of the
/// others.
final class RunMembership: EventSource {
    /// The interface by which the others are reached.
    static let interface = "net0"

    private let membership: NetworkMembership
    private let link: UNIXStreamLink
    /// Learns the names of all on the network.
    private var learner: (() -> Void)?

    private init(_ membership: NetworkMembership, _ link: UNIXStreamLink) {
        self.membership = membership
        self.link = link
    }

    /// Joins the network that the options ask for; nil where they ask for none.
    ///
    /// It must be before the program is started: the switch, if it is this run that starts it, is not
    /// the program's and not waited for.
    static func joined(
        _ options: RunOptions, pools: BufferPools
    ) throws(CommandError) -> RunMembership? {
        guard let network = options.network.flatMap({ NetworkName.label($0) }) else { return nil }
        if let host = options.hostName, NetworkName.isReserved(host.lowercased()) {
            throw .usage("run: --host: '\(host)' means something else already")
        }
        let membership = try NetworkMembership(
            network, as: options.hostName?.lowercased(), program: options.program[0],
            in: NetworkDirectory())
        return RunMembership(membership, try membership.link(pools: pools))
    }

    /// The second link of the program's host. What is done to packets is done here too.
    func deviceLink(
        _ options: RunOptions, pools: BufferPools, firewall: LinkFirewall?,
        watcher: (any LinkWatcher)?
    ) -> DeviceLink {
        DeviceLink(
            .stream(link), name: Self.interface,
            hardwareAddress: membership.member.hardwareAddress,
            addresses: membership.member.prefixes.families(withIPv6: options.usesIPv6),
            impairments: LinkImpairments(
                outgoing: options.impairments.outgoing, incoming: options.impairments.incoming,
                // Other numbers than on the first link.
                seed: options.seed.map { ($0, 1) } ?? SystemRandom.seed(), pools: pools),
            firewall: firewall, watcher: watcher)
    }

    /// Has `gateway` answer for the names of all on the network, as they come and go.
    func tellNames(to gateway: Gateway, withIPv6: Bool) {
        learner = { [membership] in
            gateway.setNames(
                membership.members.flatMap { member in
                    member.addresses.filter { withIPv6 || $0.isIPv4 }
                        .map { (name: member.name, address: $0) }
                })
        }
        _ = membership.turn()
        learner?()
    }

    // MARK: - EventSource

    var descriptors: [CInt] { membership.descriptors }
    var nextDeadline: Instant { membership.nextDeadline }
    var hasUnsent: Bool { false }
    func acknowledgeWakeUp() { membership.acknowledgeWakeUp() }

    func turn() -> Bool {
        guard membership.turn() else { return false }
        learner?()
        return true
    }
}
