import Wire

/// A way out.
public struct Route: Equatable, Sendable {
    public var destination: IPPrefix
    /// The next hop; nil where the destination is on the link itself.
    public var gateway: IPAddress?
    public var interface: InterfaceID
    /// Among routes of the same length the lowest wins.
    public var metric: UInt32

    public init(
        to destination: IPPrefix, through gateway: IPAddress? = nil, on interface: InterfaceID,
        metric: UInt32 = 0
    ) {
        self.destination = destination
        self.gateway = gateway
        self.interface = interface
        self.metric = metric
    }
}

/// Routes of both families by longest prefix, then lowest metric (RFC 1812 §5.2.4.3).
struct RouteTable: Sendable {
    /// In the order in which they are tried.
    private(set) var routes: [Route] = []

    /// Adds a route; one that is there already is not added again.
    mutating func add(_ route: Route) {
        guard !routes.contains(route) else { return }
        let place = routes.firstIndex { other in
            other.destination.length < route.destination.length
                || other.destination.length == route.destination.length
                    && other.metric > route.metric
        }
        routes.insert(route, at: place ?? routes.count)
    }

    /// Takes a route away; whether it was there.
    @discardableResult
    mutating func remove(_ route: Route) -> Bool {
        guard let place = routes.firstIndex(of: route) else { return false }
        routes.remove(at: place)
        return true
    }

    /// The best route to `address`, nil where none leads.
    ///
    /// - Parameter interface: The only way out that counts; nil for any.
    func lookup(_ address: IPAddress, on interface: InterfaceID? = nil) -> Route? {
        for index in routes.indices where routes[index].destination.contains(address) {
            if let interface, routes[index].interface != interface { continue }
            return routes[index]
        }
        return nil
    }
}
