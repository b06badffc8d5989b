import Memory
import Wire

/// Which groups the host is a member of, and whom it listens to in them (RFC 1112 §7, RFC 9776 §3,
/// RFC 9777 §4).
extension NetworkLayer {
    /// Whether packets to `group` that are heard on `id` are for this host.
    func isMember(of group: IPAddress, on id: InterfaceID) -> Bool {
        if group.isForAllHosts { return true }
        guard let entry = groups.find(group, on: id, hash) else { return false }
        return !groups.groups[entry].filter.isNobody
    }

    /// Whether anybody on the host listens to what `source` sends to `group` on `id`.
    func accepts(from source: IPAddress, to group: IPAddress, on id: InterfaceID) -> Bool {
        guard let entry = groups.find(group, on: id, hash) else { return group.isForAllHosts }
        return groups.groups[entry].filter.accepts(source)
    }

    /// Whether a packet to a group is from a source that somebody listens to. The protocols that
    /// keep the link running are heard from everyone.
    mutating func admits(_ delivery: borrowing Delivery) -> Bool {
        guard delivery.cast == .multicast, delivery.proto != .igmp, delivery.proto != .icmpv6,
            !accepts(from: delivery.source, to: delivery.destination, on: delivery.interface)
        else { return true }
        counters.count(.groupSourceFiltered)
        return false
    }

    /// Whether an endpoint is to have what `source` sends to `group`: as its own filter says, or,
    /// where it is no member, as `hearsAll` says (`IP_MULTICAST_ALL`).
    func listens(
        _ endpoint: SlabIndex, to source: IPAddress, in group: IPAddress, on id: InterfaceID,
        hearsAll: Bool
    ) -> Bool {
        guard groups.listenerCount > 0, let entry = groups.find(group, on: id, hash),
            let place = groups.groups[entry].place(of: endpoint)
        else { return hearsAll }
        return groups.groups[entry].listeners[place].filter.accepts(source)
    }

    /// Joins a group for the stack itself; joins are counted, and `leave` takes one back.
    ///
    /// - Returns: Whether there was room for it.
    @discardableResult
    mutating func join(_ group: IPAddress, on id: InterfaceID) -> Bool {
        guard group.isMulticast, !group.isForAllHosts else { return true }
        guard let entry = groups.entry(group, on: id, hash) else {
            counters.count(.groupTableFull)
            return false
        }
        groups.groups[entry].joins += 1
        mergeFilters(of: entry)
        return true
    }

    /// Takes one `join` back.
    mutating func leave(_ group: IPAddress, on id: InterfaceID) {
        guard let entry = groups.find(group, on: id, hash), groups.groups[entry].joins > 0
        else { return }
        groups.groups[entry].joins -= 1
        mergeFilters(of: entry)
    }

    /// Whom an endpoint listens to in a group; nil where it is no member.
    func filter(
        of endpoint: SlabIndex, for group: IPAddress, on id: InterfaceID
    ) -> SourceFilter? {
        guard let entry = groups.find(group, on: id, hash),
            let place = groups.groups[entry].place(of: endpoint)
        else { return nil }
        return groups.groups[entry].listeners[place].filter
    }

    /// Sets whom an endpoint listens to in a group: `IPMulticastListen` of RFC 9776 §3.1. Nobody,
    /// or nil, ends its membership.
    ///
    /// - Throws: `.noBufferSpace` for too many sources, groups or memberships.
    mutating func setFilter(
        of endpoint: SlabIndex, _ filter: SourceFilter?, for group: IPAddress,
        on id: InterfaceID
    ) throws(StackError) {
        let filter = filter?.isNobody == true ? nil : filter
        if let filter {
            let isNew = self.filter(of: endpoint, for: group, on: id) == nil
            guard filter.sources.count <= GroupTable.sourceLimit,
                !isNew || groups.membershipCount(of: endpoint) < GroupTable.membershipLimit
            else { throw .noBufferSpace }
        } else if groups.find(group, on: id, hash) == nil {
            return
        }
        guard let entry = groups.entry(group, on: id, hash) else {
            counters.count(.groupTableFull)
            throw .noBufferSpace
        }
        groups.setListener(endpoint, filter, of: entry)
        mergeFilters(of: entry)
    }

    /// Ends all memberships of an endpoint that is going.
    mutating func leaveAll(_ endpoint: SlabIndex) {
        guard groups.listenerCount > 0 else { return }
        for place in 0..<groups.groups.placeCount {
            guard let entry = groups.groups.index(at: place),
                groups.groups[entry].place(of: endpoint) != nil
            else { continue }
            groups.setListener(endpoint, nil, of: entry)
            mergeFilters(of: entry)
        }
    }

    /// Brings the filter of a group up to date with its users' and has routers told.
    private mutating func mergeFilters(of entry: SlabIndex) {
        let old = groups.groups[entry].merge()
        if groups.groups[entry].filter != old { noteChange(of: entry, from: old) }
        groups.removeIfOver(entry, hash)
    }

    /// Prepares a new link, and joins on it what a router is a member of.
    mutating func prepareGroups(on id: InterfaceID) {
        groups.queriers.append(Querier(isIPv4: true))
        groups.queriers.append(Querier(isIPv4: false))
        if forwards { joinRouterGroups(on: id) }
    }

    /// Joins or leaves the groups of all routers on all links (RFC 1112 §4, RFC 4291 §2.8).
    mutating func setForwards(_ isRouter: Bool) {
        guard isRouter != forwards else { return }
        forwards = isRouter
        for number in 0..<interfaces.count {
            let id = InterfaceID(rawValue: number)
            if isRouter {
                joinRouterGroups(on: id)
            } else {
                leave(.allRouters(isIPv4: true), on: id)
                leave(.allRouters(isIPv4: false), on: id)
            }
        }
    }

    private mutating func joinRouterGroups(on id: InterfaceID) {
        join(.allRouters(isIPv4: true), on: id)
        join(.allRouters(isIPv4: false), on: id)
    }
}
