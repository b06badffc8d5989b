import Glibc
import Stack
import Wire

/// Groups that datagram and raw sockets listen to (RFC 3678), by the options of its protocol-
/// independent interface. What is sent to groups is chosen with other keys: `multicastTimeToLive`,
/// `multicastInterface`, `loopsMulticast` and those of IPv6.
extension Socket {
    /// Listens to a group: to everyone, or to `source` besides those that are listened to already.
    /// POSIX `MCAST_JOIN_GROUP`, `MCAST_JOIN_SOURCE_GROUP`.
    ///
    /// - Parameter interface: nil for the one that a route to the group leads through.
    /// - Throws: `EADDRINUSE` for a second time; `EINVAL` for what is no group; `ENODEV` for no
    ///   interface; `ENOBUFS` for too many; `EAFNOSUPPORT`, `EPROTO` for streams.
    public func joinGroup(
        _ group: IPAddress, on interface: InterfaceID? = nil, source: IPAddress? = nil
    ) throws(SocketError) {
        let name = source == nil ? GroupOption.join : GroupOption.joinSource
        try setGroup(name, group, source, interface)
    }

    /// Listens to a group no longer, or to one source less. POSIX `MCAST_LEAVE_GROUP`,
    /// `MCAST_LEAVE_SOURCE_GROUP`.
    ///
    /// - Throws: `EADDRNOTAVAIL` when the socket does not listen to it.
    public func leaveGroup(
        _ group: IPAddress, on interface: InterfaceID? = nil, source: IPAddress? = nil
    ) throws(SocketError) {
        let name = source == nil ? GroupOption.leave : GroupOption.leaveSource
        try setGroup(name, group, source, interface)
    }

    /// Listens to a source no longer, where everyone else is listened to. POSIX
    /// `MCAST_BLOCK_SOURCE`.
    ///
    /// - Throws: `EINVAL` unless the socket is a member that listens to all but some;
    ///   `EADDRNOTAVAIL` for a second time.
    public func blockSource(
        _ source: IPAddress, of group: IPAddress, on interface: InterfaceID? = nil
    ) throws(SocketError) {
        try setGroup(GroupOption.blockSource, group, source, interface)
    }

    /// Listens to a source again. POSIX `MCAST_UNBLOCK_SOURCE`.
    ///
    /// - Throws: `EADDRNOTAVAIL` when it is not blocked; `EINVAL` as `blockSource`.
    public func unblockSource(
        _ source: IPAddress, of group: IPAddress, on interface: InterfaceID? = nil
    ) throws(SocketError) {
        try setGroup(GroupOption.unblockSource, group, source, interface)
    }

    /// Listens to a group as `filter` says, joining or leaving it where need be. POSIX
    /// `MCAST_MSFILTER`.
    ///
    /// - Throws: As `joinGroup`.
    public func setFilter(
        _ filter: SourceFilter, of group: IPAddress, on interface: InterfaceID? = nil
    ) throws(SocketError) {
        guard !filter.isNobody else { return try leaveGroup(group, on: interface) }
        do throws(SocketError) {
            try joinGroup(group, on: interface)
        } catch {
            guard error.code == EADDRINUSE else { throw error }
        }
        // `struct group_filter`.
        var bytes = Self.head(interface) + Self.storage(group)
        bytes += OptionBytes.word(filter.mode == .include ? 1 : 0)
        bytes += OptionBytes.word(UInt32(filter.sources.count))
        for source in filter.sources { bytes += Self.storage(source) }
        try setOption(level: Self.level(of: group), name: GroupOption.filter, bytes.span)
    }

    /// Sets `struct group_req`, or with a source `struct group_source_req`.
    private func setGroup(
        _ name: Int32, _ group: IPAddress, _ source: IPAddress?, _ interface: InterfaceID?
    ) throws(SocketError) {
        var bytes = Self.head(interface) + Self.storage(group)
        if let source { bytes += Self.storage(source) }
        try setOption(level: Self.level(of: group), name: name, bytes.span)
    }

    private static func level(of group: IPAddress) -> Int32 {
        group.isIPv4 ? OptionLevel.ip : OptionLevel.ipv6
    }

    /// The number of the interface, and the padding behind it.
    private static func head(_ interface: InterfaceID?) -> [UInt8] {
        OptionBytes.word(UInt32(interface?.zone ?? 0)) + [0, 0, 0, 0]
    }

    /// `struct sockaddr_storage`.
    private static func storage(_ address: IPAddress) -> [UInt8] {
        let name = SocketName.internet(SocketAddress(address: address, port: 0))
        let bytes = name.bytes(for: address.isIPv4 ? .inet : .inet6)
        return bytes + [UInt8](repeating: 0, count: 128 - bytes.count)
    }
}
