import Memory
import Wire

/// The groups that a host is a member of, on all its links.
struct GroupTable: ~Copyable {
    var groups = Slab<Group>()
    /// For each interface one for IPv4 and one for IPv6, in this order.
    var queriers = Ring<Querier>()
    /// Memberships of endpoints.
    private(set) var listenerCount = 0
    /// Answers to queries: a flood of them must not become a flood of reports.
    var answerLimit = RateLimit(perSecond: 100, burst: 200)
    private var index = HashIndex()

    /// Groups on all links, each counted where it is joined.
    static var groupLimit: Int { 1024 }
    /// Memberships of one endpoint.
    static var membershipLimit: Int { 64 }
    /// Sources in the filter of an endpoint (Linux: `mld_max_msf`).
    static var sourceLimit: Int { 64 }

    private static func place(
        _ address: IPAddress, _ interface: InterfaceID, _ hash: KeyedHash
    ) -> UInt64 {
        hash.place(address.high, address.low, UInt64(interface.rawValue), 0, 0)
    }

    static func querier(_ interface: InterfaceID, isIPv4: Bool) -> Int {
        interface.rawValue &* 2 &+ (isIPv4 ? 0 : 1)
    }

    func find(_ address: IPAddress, on interface: InterfaceID, _ hash: KeyedHash) -> SlabIndex? {
        guard groups.count > 0 else { return nil }
        var probe = index.probe(Self.place(address, interface, hash))
        while let place = index.next(&probe) {
            guard let id = groups.index(at: Int(place)), groups[id].address == address,
                groups[id].interface == interface
            else { continue }
            return id
        }
        return nil
    }

    /// The entry of a group, made where there is none; nil when there are too many.
    mutating func entry(
        _ address: IPAddress, on interface: InterfaceID, _ hash: KeyedHash
    ) -> SlabIndex? {
        if let id = find(address, on: interface, hash) { return id }
        guard groups.count < Self.groupLimit else { return nil }
        let id = groups.insert(Group(address, on: interface))
        index.insert(id.place, hash: Self.place(address, interface, hash))
        return id
    }

    /// Drops the entry once nobody listens and nothing is left to be told.
    mutating func removeIfOver(_ id: SlabIndex, _ hash: KeyedHash) {
        guard groups[id].isOver else { return }
        let place = Self.place(groups[id].address, groups[id].interface, hash)
        index.remove(id.place, hash: place)
        groups.remove(id)
    }

    /// How many groups an endpoint is a member of.
    func membershipCount(of endpoint: SlabIndex) -> Int {
        guard listenerCount > 0 else { return 0 }
        var count = 0
        for place in 0..<groups.placeCount {
            guard let id = groups.index(at: place), groups[id].place(of: endpoint) != nil else {
                continue
            }
            count += 1
        }
        return count
    }

    /// Sets whom an endpoint listens to in a group; nobody ends its membership.
    mutating func setListener(_ endpoint: SlabIndex, _ filter: SourceFilter?, of id: SlabIndex) {
        let place = groups[id].place(of: endpoint)
        switch (filter, place) {
        case (let filter?, let place?):
            groups[id].listeners[place].filter = filter
        case (let filter?, nil):
            groups[id].listeners.append(Group.Listener(endpoint: endpoint, filter: filter))
            listenerCount += 1
        case (nil, let place?):
            groups[id].listeners.remove(at: place)
            listenerCount -= 1
        case (nil, nil):
            break
        }
    }
}
