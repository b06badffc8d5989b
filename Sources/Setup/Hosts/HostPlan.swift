import Stack
import Wire

/// A host that can be built: its links, its routes, what it does.
package struct HostPlan {
    package struct PlannedRoute {
        package var option: RouteOption
        /// The number of the link behind whose device it stood.
        package var link: Int
    }

    package var links: [LinkOptions]
    package var routes: [PlannedRoute]
    /// Whether it passes packets on between its links.
    package var forwards: Bool
    /// Repeats the same random decisions; nil for chance.
    package var seed: UInt64?

    /// Whether it has, or may come to, addresses of IPv6.
    package var speaksIPv6: Bool {
        links.contains { $0.speaksIPv6 }
    }

    /// - Throws: What is missing or contradicts itself.
    package func check(_ command: String) throws(CommandError) {
        for (number, link) in links.enumerated() {
            if link.addresses.isEmpty, !link.autoconfigures {
                throw .usage("\(command): --address ADDRESS/LENGTH is missing for \(link.name)")
            }
            if !link.advertisedPrefixes.isEmpty, !forwards || link.autoconfigures {
                throw .usage("\(command): --advertise is for routers, which --forward makes")
            }
            for other in links[..<number] {
                if other.name == link.name {
                    throw .usage("\(command): \(link.name) is given twice")
                }
                if let capture = link.capture, capture == other.capture {
                    throw .usage("\(command): two links cannot share the capture \(capture)")
                }
                for prefix in link.addresses
                where other.addresses.contains(where: { $0.address == prefix.address }) {
                    throw .usage("\(command): --address: \(prefix.address) is given twice")
                }
            }
        }
        _ = try stackRoutes(command)
    }

    /// All routes besides those to the networks of the links.
    ///
    /// - Throws: When a gateway is no neighbour.
    package func stackRoutes(_ command: String) throws(CommandError) -> [Route] {
        var all: [Route] = []
        for (number, link) in links.enumerated() {
            for gateway in link.gateways {
                try check(gateway, of: link, command)
                all.append(
                    Route(
                        to: gateway.isIPv4 ? .allIPv4 : .allIPv6, through: gateway,
                        on: Self.interface(number)))
            }
        }
        for route in routes {
            let number = try link(for: route, command)
            all.append(
                Route(
                    to: route.option.destination, through: route.option.gateway,
                    on: Self.interface(number), metric: route.option.metric))
        }
        return all
    }

    private func check(
        _ gateway: IPAddress, of link: LinkOptions, _ command: String
    ) throws(CommandError) {
        guard !gateway.isLinkLocal, !link.reaches(gateway) else { return }
        let networks = link.addresses.map { "\($0.masked)" }.joined(separator: ", ")
        throw .usage(
            "\(command): the gateway \(gateway) is not in the network of \(link.name), "
                + networks)
    }

    /// The link that a route leaves by: the one that has its gateway for a neighbour, and the one
    /// behind whose device it stood where that decides nothing.
    private func link(
        for route: PlannedRoute, _ command: String
    ) throws(CommandError) -> Int {
        guard let gateway = route.option.gateway, !gateway.isLinkLocal else { return route.link }
        if links[route.link].reaches(gateway) { return route.link }
        if let number = links.firstIndex(where: { $0.reaches(gateway) }) { return number }
        throw .usage("\(command): --route: the gateway \(gateway) is in no network of the host")
    }

    /// Interface 0 is the loopback.
    package static func interface(_ number: Int) -> InterfaceID {
        InterfaceID(rawValue: number + 1)
    }
}
