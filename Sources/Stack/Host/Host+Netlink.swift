import Memory
import Wire

/// The calls on endpoints that a program asks its host through: `AF_NETLINK`. `readiness`,
/// `takeError` and `close` are those of all.
extension Host {
    /// Gives an endpoint its name, a port id of its own, and the groups whose messages it wants.
    /// POSIX `bind`.
    ///
    /// - Parameters:
    ///   - portID: 0 for one that the host chooses.
    ///   - groups: Group n (`RTNLGRP_…`) is bit n − 1.
    /// - Throws: `.addressInUse`, `.invalidArgument` when it has another name, `.notSupported` for
    ///   other kinds.
    public mutating func bind(
        _ id: EndpointID, toPort portID: UInt32, groups: UInt32
    ) throws(StackError) {
        let key = try netlinkSocket(id)
        let others = netlink.sockets[key].groups & ~UInt64(UInt32.max)
        try netlink.bind(
            key, portID: portID, groups: others | UInt64(groups),
            processID: UInt32(truncatingIfNeeded: credentials.processID))
        noteGroups()
    }

    /// Has changes noted that somebody wants to be told of.
    mutating func noteGroups() {
        let addresses = NetlinkLayer.inetAddresses | NetlinkLayer.inet6Addresses
        network.tellsAddresses = netlink.groupsInUse & addresses != 0
    }

    /// The name of an endpoint, port id 0 before it has one, and its groups. POSIX `getsockname`.
    public func netlinkName(
        of id: EndpointID
    ) throws(StackError) -> (portID: UInt32, groups: UInt32) {
        let key = try netlinkSocket(id)
        return (
            netlink.sockets[key].portID,
            UInt32(truncatingIfNeeded: netlink.sockets[key].groups)
        )
    }

    /// Makes an endpoint a member of a group, or ends that (`NETLINK_ADD_MEMBERSHIP`).
    ///
    /// - Throws: `.invalidArgument` for group 0 and above 64, `.notSupported` for other kinds.
    public mutating func setMembership(
        _ id: EndpointID, _ isMember: Bool, inGroup group: UInt32
    ) throws(StackError) {
        let key = try netlinkSocket(id)
        guard group > 0, group <= NetlinkLayer.groupLimit else { throw .invalidArgument }
        let bit = UInt64(1) << UInt64(group &- 1)
        let groups = netlink.sockets[key].groups
        netlink.setGroups(key, isMember ? groups | bit : groups & ~bit)
        noteGroups()
    }

    /// Hands the host a datagram of requests; answers wait to be received, what is wrong with them
    /// too. POSIX `sendto`.
    ///
    /// - Parameter portID: Where it goes; 0 for the host, which is all there is.
    /// - Throws: `.connectionRefused` for other ports, `.messageTooLong` above 65,536 bytes,
    ///   `.noBufferSpace` when answers were lost, `.notSupported` for other kinds.
    public mutating func sendRequests(
        _ id: EndpointID, _ requests: Span<UInt8>, toPort portID: UInt32 = 0
    ) throws(StackError) {
        let key = try netlinkSocket(id)
        guard portID == 0 else { throw .connectionRefused }
        guard requests.count <= 65536 else { throw .messageTooLong }
        if netlink.sockets[key].portID == 0 {
            netlink.bindAutomatically(
                key, processID: UInt32(truncatingIfNeeded: credentials.processID))
        }
        answer(requests, from: key)
    }

    /// A datagram that the host sent.
    public struct ReceivedAnswer: Equatable, Sendable {
        /// Bytes copied to the caller.
        public let count: Int
        /// Bytes that it had: more than `count` where the rest was cut off.
        public let fullCount: Int
        /// Whom it was told to, as a bit; 0 for the endpoint alone.
        public let groups: UInt32
    }

    /// Takes the next datagram; what does not fit into `buffer` is lost. POSIX `recvmsg`.
    ///
    /// - Parameter peeks: It stays where it is.
    /// - Throws: `.wouldBlock` when none waits, `.noBufferSpace` when some were lost,
    ///   `.notSupported` for other kinds.
    public mutating func receiveAnswer(
        _ id: EndpointID, into buffer: inout MutableSpan<UInt8>, peeks: Bool = false
    ) throws(StackError) -> ReceivedAnswer {
        let key = try netlinkSocket(id)
        if let error = netlink.sockets[key].takeError() { throw error }
        continueDump(key)
        guard !netlink.sockets[key].queue.isEmpty else { throw .wouldBlock }
        let next = netlink.sockets[key].queue[0]
        let count = min(buffer.count, next.bytes.count)
        buffer.write(next.bytes.span.extracting(first: count), at: 0)
        if !peeks, netlink.sockets[key].queue.popFirst() != nil {
            netlink.sockets[key].queued &-= next.bytes.count
        }
        return ReceivedAnswer(count: count, fullCount: next.bytes.count, groups: next.groups)
    }

    // MARK: - Options

    /// An option of the level `SOL_NETLINK`; nil for one that there is not.
    public func netlinkOption(_ id: EndpointID, _ name: Int32) throws(StackError) -> Bool? {
        let key = try netlinkSocket(id)
        guard let option = NetlinkOptions(name) else { return nil }
        return netlink.sockets[key].options.contains(option)
    }

    /// Sets an option of the level `SOL_NETLINK`; false for one that there is not.
    public mutating func setNetlinkOption(
        _ id: EndpointID, _ name: Int32, _ isOn: Bool
    ) throws(StackError) -> Bool {
        let key = try netlinkSocket(id)
        guard let option = NetlinkOptions(name) else { return false }
        if isOn {
            netlink.sockets[key].options.insert(option)
        } else {
            netlink.sockets[key].options.remove(option)
        }
        return true
    }

    private func netlinkSocket(_ id: EndpointID) throws(StackError) -> SlabIndex {
        try check(id)
        guard case .netlink(let key) = endpoints[id.index].role else { throw .notSupported }
        return key
    }
}

extension NetlinkOptions {
    /// The option that Linux numbers so.
    fileprivate init?(_ name: Int32) {
        switch name {
        case 3: self = .tellsGroups
        case 5: self = .losesSilently
        case 10: self = .capsErrors
        case 11: self = .explainsErrors
        case 12: self = .filtersDumps
        default: return nil
        }
    }
}
