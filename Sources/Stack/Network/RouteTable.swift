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

/// Routes by longest prefix, then lowest metric (RFC 1812 §5.2.4.3).
struct RouteTable: Sendable {
    /// In the order in which they are tried.
    private(set) var routes: [Route] = []

    mutating func add(_ route: Route) {
        let place = routes.firstIndex { other in
            other.destination.length < route.destination.length
                || other.destination.length == route.destination.length
                    && other.metric > route.metric
        }
        routes.insert(route, at: place ?? routes.count)
    }

    /// The best route to `address`, nil where none leads.
    func lookup(_ address: IPAddress) -> Route? {
        for route in routes where route.destination.contains(address) { return route }
        return nil
    }
}
