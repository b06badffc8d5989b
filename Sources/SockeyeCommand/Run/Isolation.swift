import Devices
import Equipment
import Stack
import Synchronization
import Wire

/// What `--isolate` leaves of the machine: nothing but what an `--allow` names.
///
/// The machine is its loopback, its own addresses, and the gateway's, which stand for its loopback.
final class Isolation: Sendable {
    private struct Known {
        var addresses: Set<IPAddress> = []
        var validUntil = Instant.zero
    }

    private let rules: [FirewallRule]
    private let gateway: [IPAddress]
    /// The machine's own addresses, asked for again after a while: it may have moved.
    private let known = Mutex(Known())

    init(_ rules: [FirewallRule], gateway: [IPAddress]) {
        self.rules = rules.filter { $0.action == .allow && $0.direction != .incoming }
        self.gateway = gateway
    }

    /// Whether something may be carried on to `destination`.
    func allows(_ kind: EndpointKind, _ destination: SocketAddress) -> Bool {
        guard isMachine(destination.address) else { return true }
        return rules.contains { rule in
            let isOfKind = rule.proto == nil || rule.proto == Self.proto(kind)
            let isThere = rule.to.map { $0.contains(destination.address) } ?? true
            let isAtPort =
                rule.ports.isEmpty || rule.ports.contains { $0.contains(destination.port) }
            return isOfKind && isThere && isAtPort
        }
    }

    private static func proto(_ kind: EndpointKind) -> IPProtocol? {
        switch kind {
        case .stream: .tcp
        case .datagram: .udp
        case .icmp: .icmp
        default: nil
        }
    }

    private func isMachine(_ address: IPAddress) -> Bool {
        if address.isLoopback || gateway.contains(address) { return true }
        return known.withLock { known in
            let now = MonotonicClock.now()
            if now >= known.validUntil {
                let interfaces = (try? SystemInterfaces())?.addresses ?? []
                known.addresses = Set(interfaces.map(\.prefix.address))
                known.validUntil = now + .seconds(1)
            }
            return known.addresses.contains(address)
        }
    }
}
