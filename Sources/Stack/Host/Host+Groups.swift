import Memory
import Wire

/// Groups that endpoints listen to (RFC 3678, RFC 9776 §3.1): of datagram and raw endpoints.
///
/// An endpoint that is a member of a group on a link hears those whom its filter lets through; one
/// that is not hears whatever any other endpoint made the host listen to, as on Linux. A link that
/// is not named is the one that a route to the group leads through.
extension Host {
    /// Listens to a group: to everyone, or to `source` besides those that are listened to already.
    /// POSIX `IP_ADD_MEMBERSHIP`, `IP_ADD_SOURCE_MEMBERSHIP`, `IPV6_JOIN_GROUP`,
    /// `MCAST_JOIN_SOURCE_GROUP`.
    ///
    /// - Throws: `.addressInUse` for a second time; `.invalidArgument` for what is no group, a link
    ///   that the host has not, or a single source where all but some are listened to;
    ///   `.noBufferSpace` beyond 64 groups of an endpoint, 64 sources of a group or 1,024 groups of
    ///   the host; `.networkUnreachable` without any link; `.addressFamilyNotSupported`;
    ///   `.notSupported` for streams.
    public mutating func joinGroup(
        _ id: EndpointID, _ group: IPAddress, on interface: InterfaceID? = nil,
        source: IPAddress? = nil
    ) throws(StackError) {
        let link = try link(of: id, for: group, interface)
        let old = network.filter(of: id.index, for: group, on: link)
        guard let source else {
            guard old == nil else { throw .addressInUse }
            try network.setFilter(of: id.index, .everyone, for: group, on: link)
            return
        }
        try checkSource(source, of: group)
        var filter = old ?? .nobody
        // Nobody excluded yet: the mode may still be chosen, as on Linux.
        if filter == .everyone { filter = .nobody }
        guard filter.mode == .include else { throw .invalidArgument }
        guard filter.insert(source) else { throw .addressInUse }
        try network.setFilter(of: id.index, filter, for: group, on: link)
    }

    /// Listens to a group no longer, or to one source less. POSIX `IP_DROP_MEMBERSHIP`,
    /// `IP_DROP_SOURCE_MEMBERSHIP`, `IPV6_LEAVE_GROUP`, `MCAST_LEAVE_SOURCE_GROUP`.
    ///
    /// - Throws: `.addressNotAvailable` when the endpoint is no member, or the source is not one of
    ///   those that are listened to; `.invalidArgument` for a source where all but some are.
    public mutating func leaveGroup(
        _ id: EndpointID, _ group: IPAddress, on interface: InterfaceID? = nil,
        source: IPAddress? = nil
    ) throws(StackError) {
        let link = try link(of: id, for: group, interface)
        guard var filter = network.filter(of: id.index, for: group, on: link) else {
            throw .addressNotAvailable
        }
        if let source {
            guard filter.mode == .include else { throw .invalidArgument }
            guard filter.remove(source) else { throw .addressNotAvailable }
        } else {
            filter = .nobody
        }
        try network.setFilter(of: id.index, filter, for: group, on: link)
    }

    /// Listens to a source no longer, where everyone else is listened to. POSIX `IP_BLOCK_SOURCE`,
    /// `MCAST_BLOCK_SOURCE`.
    ///
    /// - Throws: `.addressNotAvailable` for a second time; `.invalidArgument` unless the endpoint is
    ///   a member that listens to all but some; `.noBufferSpace` beyond 64 sources.
    public mutating func blockSource(
        _ id: EndpointID, _ source: IPAddress, of group: IPAddress,
        on interface: InterfaceID? = nil
    ) throws(StackError) {
        let link = try link(of: id, for: group, interface)
        try checkSource(source, of: group)
        var filter = try excludingFilter(id, group, link)
        guard filter.insert(source) else { throw .addressNotAvailable }
        try network.setFilter(of: id.index, filter, for: group, on: link)
    }

    /// Listens to a source again. POSIX `IP_UNBLOCK_SOURCE`, `MCAST_UNBLOCK_SOURCE`.
    ///
    /// - Throws: `.addressNotAvailable` when it is not blocked; `.invalidArgument` unless the
    ///   endpoint is a member that listens to all but some.
    public mutating func unblockSource(
        _ id: EndpointID, _ source: IPAddress, of group: IPAddress,
        on interface: InterfaceID? = nil
    ) throws(StackError) {
        let link = try link(of: id, for: group, interface)
        var filter = try excludingFilter(id, group, link)
        guard filter.remove(source) else { throw .addressNotAvailable }
        try network.setFilter(of: id.index, filter, for: group, on: link)
    }

    /// Listens to a group as `filter` says, joining or leaving it where need be. POSIX
    /// `IP_MSFILTER`, `MCAST_MSFILTER`.
    ///
    /// - Throws: As `joinGroup`.
    public mutating func setFilter(
        _ id: EndpointID, _ filter: SourceFilter, of group: IPAddress,
        on interface: InterfaceID? = nil
    ) throws(StackError) {
        let link = try link(of: id, for: group, interface)
        for source in filter.sources { try checkSource(source, of: group) }
        try network.setFilter(of: id.index, filter, for: group, on: link)
    }

    /// Whom an endpoint listens to in a group; nil where it is no member.
    public func filter(
        of id: EndpointID, for group: IPAddress, on interface: InterfaceID
    ) throws(StackError) -> SourceFilter? {
        try check(id)
        return network.filter(of: id.index, for: group, on: interface)
    }

    /// A group that the host listens to on a link.
    public struct Membership: Equatable, Sendable {
        public let group: IPAddress
        public let interface: InterfaceID
        /// How many endpoints and parts of the stack joined it.
        public let users: Int
        /// Whom they listen to, taken together.
        public let filter: SourceFilter
    }

    /// The groups that the host listens to, besides those of all hosts: `netstat -g`.
    public var memberships: [Membership] {
        var list: [Membership] = []
        for place in 0..<network.groups.groups.placeCount {
            guard let entry = network.groups.groups.index(at: place),
                !network.groups.groups[entry].filter.isNobody
            else { continue }
            list.append(
                Membership(
                    group: network.groups.groups[entry].address,
                    interface: network.groups.groups[entry].interface,
                    users: network.groups.groups[entry].joins
                        &+ network.groups.groups[entry].listeners.count,
                    filter: network.groups.groups[entry].filter))
        }
        return list
    }

    // MARK: - Checks

    /// The link that a call on a group means.
    private func link(
        of id: EndpointID, for group: IPAddress, _ interface: InterfaceID?
    ) throws(StackError) -> InterfaceID {
        try check(id)
        switch endpoints[id.index].kind {
        case .stream, .packet, .local, .netlink: throw .notSupported
        default: break
        }
        guard group.isMulticast else { throw .invalidArgument }
        try endpoints[id.index].checkFamily(of: group)
        let chosen = interface ?? endpoints[id.index].options.boundInterface
        guard let link = chosen ?? network.defaultLink(for: group, from: nil) else {
            throw .networkUnreachable
        }
        guard network.isValid(link) else { throw .invalidArgument }
        return link
    }

    private func checkSource(_ source: IPAddress, of group: IPAddress) throws(StackError) {
        guard source.isIPv4 == group.isIPv4, !source.isMulticast, !source.isUnspecified else {
            throw .invalidArgument
        }
    }

    private func excludingFilter(
        _ id: EndpointID, _ group: IPAddress, _ link: InterfaceID
    ) throws(StackError) -> SourceFilter {
        guard let filter = network.filter(of: id.index, for: group, on: link),
            filter.mode == .exclude
        else { throw .invalidArgument }
        return filter
    }
}
