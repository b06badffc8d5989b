import Glibc
import Stack
import Wire

/// Options on groups, of both levels of IP: `IP_ADD_MEMBERSHIP` and its kin, `IPV6_JOIN_GROUP`,
/// and those of RFC 3678, `MCAST_`.
extension OptionCall {
    /// What is asked for.
    private enum Request {
        case join
        case leave
        case joinSource
        case leaveSource
        case block
        case unblock
    }

    /// Sets an option on groups; whether it is one.
    func setGroup(_ host: inout Host, _ bytes: OptionBytes) throws(OptionError) -> Bool {
        switch (level, name) {
        case (OptionLevel.ip, IPLevel.addMembership): try ipRequest(&host, .join, bytes)
        case (OptionLevel.ip, IPLevel.dropMembership): try ipRequest(&host, .leave, bytes)
        case (OptionLevel.ip, IPLevel.addSourceMembership):
            try ipSourceRequest(&host, .joinSource, bytes)
        case (OptionLevel.ip, IPLevel.dropSourceMembership):
            try ipSourceRequest(&host, .leaveSource, bytes)
        case (OptionLevel.ip, IPLevel.blockSource): try ipSourceRequest(&host, .block, bytes)
        case (OptionLevel.ip, IPLevel.unblockSource): try ipSourceRequest(&host, .unblock, bytes)
        case (OptionLevel.ip, IPLevel.sourceFilter): try setIPFilter(&host, bytes)
        case (OptionLevel.ipv6, IPv6Level.joinGroup): try ipv6Request(&host, .join, bytes)
        case (OptionLevel.ipv6, IPv6Level.leaveGroup): try ipv6Request(&host, .leave, bytes)
        case (_, GroupOption.join): try groupRequest(&host, .join, bytes)
        case (_, GroupOption.leave): try groupRequest(&host, .leave, bytes)
        case (_, GroupOption.joinSource): try sourceRequest(&host, .joinSource, bytes)
        case (_, GroupOption.leaveSource): try sourceRequest(&host, .leaveSource, bytes)
        case (_, GroupOption.blockSource): try sourceRequest(&host, .block, bytes)
        case (_, GroupOption.unblockSource): try sourceRequest(&host, .unblock, bytes)
        case (_, GroupOption.filter): try setGroupFilter(&host, bytes)
        default: return false
        }
        return true
    }

    // MARK: - Structures

    /// `struct ip_mreq` or `ip_mreqn`: group, address of the interface, number of the interface.
    private func ipRequest(
        _ host: inout Host, _ request: Request, _ bytes: OptionBytes
    ) throws(OptionError) {
        guard kind != .stream else { throw OptionError(EPROTO) }
        try bytes.require(8)
        let number = bytes.count >= 12 ? try bytes.int(at: 8) : 0
        // What is not there cannot be left.
        let missing = request == .leave ? EADDRNOTAVAIL : ENODEV
        let link = try link(host, number, bytes.v4(4), or: missing)
        try perform(&host, request, bytes.v4(0), nil, link)
    }

    /// `struct ip_mreq_source`: group, address of the interface, source.
    private func ipSourceRequest(
        _ host: inout Host, _ request: Request, _ bytes: OptionBytes
    ) throws(OptionError) {
        guard bytes.count == 12 else { throw .invalid }
        guard bytes.v4(0).isMulticast else { throw .invalid }
        let link = try link(host, 0, bytes.v4(4))
        try perform(&host, request, bytes.v4(0), bytes.v4(8), link)
    }

    /// `struct ip_msfilter`: group, address of the interface, mode, number of sources, sources.
    private func setIPFilter(_ host: inout Host, _ bytes: OptionBytes) throws(OptionError) {
        try bytes.require(16)
        let count = try sourceCount(bytes.word(12))
        try bytes.require(16 + 4 * count)
        let link = try link(host, 0, bytes.v4(4))
        let sources = (0..<count).map { bytes.v4(16 + 4 * $0) }
        try setFilter(&host, mode: bytes.word(8), sources, of: bytes.v4(0), link)
    }

    /// `struct ipv6_mreq`: group, number of the interface.
    private func ipv6Request(
        _ host: inout Host, _ request: Request, _ bytes: OptionBytes
    ) throws(OptionError) {
        try bytes.require(20)
        guard kind != .stream else { throw OptionError(EPROTO) }
        let group = bytes.v6(0)
        guard group.isMulticast, !group.isIPv4 else { throw .invalid }
        let missing = request == .leave ? EADDRNOTAVAIL : ENODEV
        let link = try findInterface(bytes.int(at: 16), host, or: missing)
        try perform(&host, request, group, nil, link)
    }

    /// `struct group_req`: number of the interface, group as a `sockaddr_storage`.
    private func groupRequest(
        _ host: inout Host, _ request: Request, _ bytes: OptionBytes
    ) throws(OptionError) {
        try bytes.require(136)
        let foreign = level == OptionLevel.ip ? EINVAL : EADDRNOTAVAIL
        let group = try address(in: bytes, at: 8, or: foreign)
        guard kind != .stream else { throw OptionError(EPROTO) }
        let missing = request == .leave ? EADDRNOTAVAIL : ENODEV
        let link = try findInterface(bytes.int(at: 0), host, or: missing)
        if level == OptionLevel.ipv6, !group.isMulticast { throw .invalid }
        try perform(&host, request, group, nil, link)
    }

    /// `struct group_source_req`: number of the interface, group and source as `sockaddr_storage`.
    private func sourceRequest(
        _ host: inout Host, _ request: Request, _ bytes: OptionBytes
    ) throws(OptionError) {
        try bytes.require(264)
        let group = try address(in: bytes, at: 8, or: EADDRNOTAVAIL)
        let source = try address(in: bytes, at: 136, or: EADDRNOTAVAIL)
        guard group.isMulticast else { throw .invalid }
        let link = try findInterface(bytes.int(at: 0), host, or: ENODEV)
        try perform(&host, request, group, source, link)
    }

    /// `struct group_filter`: number of the interface, group, mode, number of sources, sources.
    private func setGroupFilter(_ host: inout Host, _ bytes: OptionBytes) throws(OptionError) {
        try bytes.require(144)
        let count = try sourceCount(bytes.word(140))
        try bytes.require(144 + 128 * count)
        let group = try address(in: bytes, at: 8, or: EADDRNOTAVAIL)
        var sources: [IPAddress] = []
        for index in 0..<count {
            sources.append(try address(in: bytes, at: 144 + 128 * index, or: EADDRNOTAVAIL))
        }
        let link = try findInterface(bytes.int(at: 0), host, or: ENODEV)
        try setFilter(&host, mode: bytes.word(136), sources, of: group, link)
    }

    /// The address of a `sockaddr_storage`, which must be of the level's family.
    private func address(
        in bytes: OptionBytes, at offset: Int, or failure: CInt
    ) throws(OptionError) -> IPAddress {
        switch (level, Int32(bytes.half(offset))) {
        case (OptionLevel.ip, SocketNumber.inet): return bytes.v4(offset + 4)
        case (OptionLevel.ipv6, SocketNumber.inet6): return bytes.v6(offset + 8)
        default: throw OptionError(failure)
        }
    }

    /// - Throws: `ENOBUFS` above what a socket may have.
    private func sourceCount(_ count: UInt32) throws(OptionError) -> Int {
        guard count <= 64 else { throw OptionError(ENOBUFS) }
        return Int(count)
    }

    /// The interface of a number, else of an address; nil where neither was given.
    private func link(
        _ host: borrowing Host, _ number: Int32, _ address: IPAddress, or missing: CInt = ENODEV
    ) throws(OptionError) -> InterfaceID? {
        if number != 0 { return try findInterface(number, host, or: missing) }
        if address.isUnspecified { return nil }
        guard let link = host.interface(with: address) else { throw OptionError(missing) }
        return link
    }

    // MARK: - What is done

    private func perform(
        _ host: inout Host, _ request: Request, _ group: IPAddress, _ source: IPAddress?,
        _ link: InterfaceID?
    ) throws(OptionError) {
        if request == .leaveSource || request == .block || request == .unblock {
            let isMember = try stack(try host.isMember(id, of: group, on: link))
            guard isMember else { throw .invalid }
        }
        do throws(StackError) {
            switch request {
            case .join, .joinSource: try host.joinGroup(id, group, on: link, source: source)
            case .leave where !group.isMulticast: throw .addressNotAvailable
            case .leave, .leaveSource: try host.leaveGroup(id, group, on: link, source: source)
            case .block:
                guard let source else { throw .invalidArgument }
                try host.blockSource(id, source, of: group, on: link)
            case .unblock:
                guard let source else { throw .invalidArgument }
                try host.unblockSource(id, source, of: group, on: link)
            }
        } catch .networkUnreachable {
            throw OptionError(ENODEV)
        } catch .addressInUse where request == .joinSource {
            throw OptionError(EADDRNOTAVAIL)
        } catch {
            throw OptionError(error.code)
        }
    }

    /// Sets whom the socket listens to in a group: nobody ends its membership, anything else it must
    /// have already.
    private func setFilter(
        _ host: inout Host, mode: UInt32, _ sources: [IPAddress], of group: IPAddress,
        _ link: InterfaceID?
    ) throws(OptionError) {
        guard mode <= 1, group.isMulticast else { throw .invalid }
        let filter = SourceFilter(mode == 1 ? .include : .exclude, sources)
        let isMember = try stack(try host.isMember(id, of: group, on: link))
        guard isMember else { throw filter.isNobody ? OptionError(EADDRNOTAVAIL) : .invalid }
        try stack(try host.setFilter(id, filter, of: group, on: link))
    }
}
