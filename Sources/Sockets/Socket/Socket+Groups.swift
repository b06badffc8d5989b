import Stack
import Wire

/// Groups that datagram and raw sockets listen to (RFC 3678). What is sent to groups is chosen with
/// options: `multicastTimeToLive`, `multicastInterface`, `loopsMulticast`.
extension Socket {
    /// Listens to a group: to everyone, or to `source` besides those that are listened to already.
    /// POSIX `IP_ADD_MEMBERSHIP`, `MCAST_JOIN_GROUP`, `MCAST_JOIN_SOURCE_GROUP`.
    ///
    /// - Parameter interface: nil for the one that a route to the group leads through.
    /// - Throws: `EADDRINUSE` for a second time; `EINVAL` for what is no group or no interface;
    ///   `ENOBUFS` for too many; `ENETUNREACH`, `EAFNOSUPPORT`, `EOPNOTSUPP` for streams.
    public func joinGroup(
        _ group: IPAddress, on interface: InterfaceID? = nil, source: IPAddress? = nil
    ) throws(SocketError) {
        try onHost("setsockopt") { (host: inout Host, endpoint) throws(StackError) in
            try host.joinGroup(endpoint, group, on: interface, source: source)
        }
    }

    /// Listens to a group no longer, or to one source less. POSIX `IP_DROP_MEMBERSHIP`,
    /// `MCAST_LEAVE_GROUP`, `MCAST_LEAVE_SOURCE_GROUP`.
    ///
    /// - Throws: `EADDRNOTAVAIL` when the socket does not listen to it.
    public func leaveGroup(
        _ group: IPAddress, on interface: InterfaceID? = nil, source: IPAddress? = nil
    ) throws(SocketError) {
        try onHost("setsockopt") { (host: inout Host, endpoint) throws(StackError) in
            try host.leaveGroup(endpoint, group, on: interface, source: source)
        }
    }

    /// Listens to a source no longer, where everyone else is listened to. POSIX
    /// `MCAST_BLOCK_SOURCE`.
    ///
    /// - Throws: `EINVAL` unless the socket is a member that listens to all but some;
    ///   `EADDRNOTAVAIL` for a second time.
    public func blockSource(
        _ source: IPAddress, of group: IPAddress, on interface: InterfaceID? = nil
    ) throws(SocketError) {
        try onHost("setsockopt") { (host: inout Host, endpoint) throws(StackError) in
            try host.blockSource(endpoint, source, of: group, on: interface)
        }
    }

    /// Listens to a source again. POSIX `MCAST_UNBLOCK_SOURCE`.
    ///
    /// - Throws: `EADDRNOTAVAIL` when it is not blocked; `EINVAL` as `blockSource`.
    public func unblockSource(
        _ source: IPAddress, of group: IPAddress, on interface: InterfaceID? = nil
    ) throws(SocketError) {
        try onHost("setsockopt") { (host: inout Host, endpoint) throws(StackError) in
            try host.unblockSource(endpoint, source, of: group, on: interface)
        }
    }

    /// Listens to a group as `filter` says, joining or leaving it where need be. POSIX
    /// `MCAST_MSFILTER`.
    ///
    /// - Throws: As `joinGroup`.
    public func setFilter(
        _ filter: SourceFilter, of group: IPAddress, on interface: InterfaceID? = nil
    ) throws(SocketError) {
        try onHost("setsockopt") { (host: inout Host, endpoint) throws(StackError) in
            try host.setFilter(endpoint, filter, of: group, on: interface)
        }
    }
}
