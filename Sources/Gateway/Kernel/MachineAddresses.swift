import Devices
import Stack
import Wire

/// The machine's own addresses, asked for again after a while: it may have moved.
struct MachineAddresses {
    private var addresses: Set<IPAddress> = []
    private var validUntil = Instant.zero

    mutating func contains(_ address: IPAddress, at now: Instant) -> Bool {
        if now >= validUntil {
            let known = (try? SystemInterfaces())?.addresses.map(\.prefix.address) ?? []
            addresses = Set(known)
            validUntil = now + .seconds(1)
        }
        return addresses.contains(address)
    }
}

extension Gateway {
    /// Where something that was sent to `destination` inside is carried.
    enum Target {
        /// A socket of the machine's connects, or sends, there.
        case machine(SocketAddress)
        /// The gateway answers for names.
        case names
        case refused(Refusal)
    }

    func target(
        of destination: SocketAddress, _ kind: EndpointKind, at now: Instant
    ) -> Target {
        if destination.port == 53, kind != .icmp, isNameServer(destination.address) {
            return .names
        }
        guard configuration.allows(kind, destination) else { return .refused(.prohibited) }
        let address = destination.address
        if configuration.addresses.contains(where: { $0.address == address }) {
            let loopback: IPAddress =
                address.isIPv4 ? .v4(127, 0, 0, 1) : IPAddress(IPv6Address.loopback)
            return configuration.isIsolated
                ? .refused(.prohibited)
                : .machine(SocketAddress(address: loopback, port: destination.port))
        }
        if configuration.nameServers.contains(address) || configuration.services.contains(address) {
            return .refused(.reset)
        }
        if configuration.isIsolated, address.isLoopback || machine.contains(address, at: now) {
            return .refused(.prohibited)
        }
        return .machine(destination)
    }

    /// Whether questions to `address` are the gateway's to answer: at its own, and at those that the
    /// machine's configuration names, which programs inside ask of themselves.
    private func isNameServer(_ address: IPAddress) -> Bool {
        configuration.nameServers.contains(address)
            || nameServers.current.contains { $0.address == address }
    }
}
