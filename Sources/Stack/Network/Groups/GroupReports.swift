import Memory
import Wire

/// A report of the latest version that is being written: records, as many as fit a packet.
struct GroupReportDraft: ~Copyable {
    var packet: Packet
    private(set) var recordCount: UInt16 = 0
    /// The most bytes of the message.
    private let limit: Int

    /// - Parameter limit: The most bytes of the message, without IP header.
    init(_ packet: consuming Packet, limit: Int) {
        self.limit = min(limit, packet.tailroom)
        self.packet = packet
        self.packet.extend(GroupReportHeader.byteCount)
    }

    /// How many sources of a record of `group` fit; below zero when the record itself does not.
    func room(for group: IPAddress) -> Int {
        let header = GroupRecordHeader(type: .isInclude, sourceCount: 0, group: group)
        let free = limit &- packet.count &- header.byteCount
        return free < 0 ? -1 : free / group.byteCount
    }

    /// Adds a record.
    ///
    /// - Precondition: There is room.
    mutating func append(
        _ type: GroupRecordType, _ group: IPAddress, _ sources: Span<IPAddress>
    ) {
        let start = packet.count
        let header = GroupRecordHeader(
            type: type, sourceCount: UInt16(truncatingIfNeeded: sources.count), group: group)
        packet.extend(header.byteCount &+ sources.count &* group.byteCount)
        var head = packet.mutableHead
        header.write(to: &head, at: start)
        var offset = start &+ header.byteCount
        for index in sources.indices {
            head.write(sources[index], at: offset)
            offset &+= group.byteCount
        }
        recordCount &+= 1
    }
}

/// Reports on their way out.
extension NetworkLayer {
    /// Tells of changes that are due, all groups of the link in as few packets as possible
    /// (RFC 9776 §5.1, RFC 9777 §6.1).
    mutating func sendChanges(_ number: Int) {
        guard groups.queriers[number].isLatest else { return }
        var draft: GroupReportDraft?
        for place in 0..<groups.groups.placeCount {
            guard let entry = member(at: place, of: number),
                groups.groups[entry].changes.due <= now
            else { continue }
            let address = groups.groups[entry].address
            let filter = groups.groups[entry].filter
            let changes = groups.groups[entry].changes
            if changes.modeReports > 0 {
                let type: GroupRecordType = filter.mode == .include ? .toInclude : .toExclude
                add(type, address, filter.sources, to: &draft, number)
            } else {
                let allowed = changes.sources(in: filter, areAllowed: true)
                if !allowed.isEmpty { add(.allowNewSources, address, allowed, to: &draft, number) }
                let blocked = changes.sources(in: filter, areAllowed: false)
                if !blocked.isEmpty { add(.blockOldSources, address, blocked, to: &draft, number) }
            }
            let delay = randomDelay(within: groups.queriers[number].unsolicitedInterval)
            groups.groups[entry].changes.due = now + delay
            groups.groups[entry].changes.countDown()
            groups.removeIfOver(entry, hash)
        }
        finish(&draft, number)
    }

    /// Answers the queries whose moment has come (RFC 9776 §5.2, RFC 9777 §6.2).
    mutating func sendAnswers(_ number: Int) {
        let isForAll = groups.queriers[number].answerDue <= now
        if isForAll { groups.queriers[number].answerDue = .never }
        var draft: GroupReportDraft?
        var isAllowed: Bool?
        for place in 0..<groups.groups.placeCount {
            guard let entry = member(at: place, of: number),
                isForAll || groups.groups[entry].answer.due <= now
            else { continue }
            var answer = groups.groups[entry].answer
            groups.groups[entry].answer.cancel()
            // The answer for all groups is for all of their sources.
            if isForAll { answer.cancel() }
            let filter = groups.groups[entry].filter
            guard groups.groups[entry].isReported, let record = answer.record(of: filter) else {
                continue
            }
            let mayAnswer = isAllowed ?? groups.answerLimit.take(at: now)
            if isAllowed == nil, !mayAnswer { counters.count(.groupAnswerLimited) }
            isAllowed = mayAnswer
            guard mayAnswer else { continue }
            add(record.type, groups.groups[entry].address, record.sources, to: &draft, number)
        }
        finish(&draft, number)
    }

    /// Reports groups one by one in the older versions (RFC 2236 §3, RFC 2710 §4).
    mutating func sendOlderReports(_ number: Int) {
        let version = groups.queriers[number].version
        for place in 0..<groups.groups.placeCount {
            guard let entry = member(at: place, of: number),
                groups.groups[entry].olderReport.due <= now
            else { continue }
            let (address, id) = (groups.groups[entry].address, groups.groups[entry].interface)
            if groups.groups[entry].olderReport.unsolicited > 0 {
                groups.groups[entry].olderReport.unsolicited -= 1
            }
            let isLast = groups.groups[entry].olderReport.unsolicited == 0
            let delay = randomDelay(within: groups.queriers[number].unsolicitedInterval)
            groups.groups[entry].olderReport.due = isLast ? .never : now + delay
            groups.groups[entry].olderReport.isOurs = true
            guard groups.answerLimit.take(at: now) else {
                counters.count(.groupAnswerLimited)
                continue
            }
            sendOlder(address, on: id, to: address, igmp: version == 1 ? .reportV1 : .reportV2)
        }
    }

    /// Tells routers that the last member on this host is gone; version 1 of IGMP has no such
    /// message (RFC 2236 §3, RFC 2710 §4).
    mutating func sendLeave(_ group: IPAddress, on id: InterfaceID, version: UInt8) {
        guard !group.isIPv4 || version == 2 else { return }
        sendOlder(group, on: id, to: .allRouters(isIPv4: group.isIPv4), igmp: .leave)
    }

    // MARK: - Records

    /// Adds a record to the draft, in several packets where it must be. What excludes sources
    /// cannot be divided: it names as many as fit (RFC 9776 §4.2.16).
    private mutating func add(
        _ type: GroupRecordType, _ group: IPAddress, _ sources: [IPAddress],
        to draft: inout GroupReportDraft?, _ number: Int
    ) {
        let isWhole = type == .isExclude || type == .toExclude || type == .toInclude
        var written = 0
        repeat {
            if let room = draft?.room(for: group) {
                let rest = sources.count &- written
                if room < (isWhole ? rest : min(rest, 1)) { finish(&draft, number) }
            }
            if draft == nil {
                draft = newDraft(group, number)
            }
            guard let room = draft?.room(for: group), room >= 0 else { return }
            let count = min(room, sources.count &- written)
            draft?.append(type, group, sources.span.extracting(written..<written &+ count))
            written &+= count
            if type == .isExclude || type == .toExclude { return }
        } while written < sources.count
    }

    private mutating func newDraft(_ group: IPAddress, _ number: Int) -> GroupReportDraft? {
        guard let packet = pools.frame(headroom: Self.headroom) else {
            counters.count(.noBuffer)
            return nil
        }
        // The router alert option takes 4 bytes of an IPv4 header and 8 behind one of IPv6.
        let header = group.isIPv4 ? 24 : IPv6Header.byteCount &+ 8
        return GroupReportDraft(packet, limit: interfaces[number / 2].mtu &- header)
    }

    private mutating func finish(_ draft: inout GroupReportDraft?, _ number: Int) {
        guard let finished = draft.take() else { return }
        let isIPv4 = number & 1 == 0
        let count = finished.recordCount
        var packet = finished.packet
        var head = packet.mutableHead
        if isIPv4 {
            GroupReportHeader.igmp(recordCount: count).write(to: &head)
        } else {
            GroupReportHeader.mld(recordCount: count).write(to: &head)
        }
        sendReport(
            packet, on: InterfaceID(rawValue: number / 2), to: .reportRouters(isIPv4: isIPv4))
    }

    // MARK: - Packets

    private mutating func sendOlder(
        _ group: IPAddress, on id: InterfaceID, to destination: IPAddress, igmp type: IGMPType
    ) {
        guard var packet = pools.frame(headroom: Self.headroom) else {
            counters.count(.noBuffer)
            return
        }
        if let v4 = group.v4 {
            packet.extend(IGMPHeader.byteCount)
            var head = packet.mutableHead
            IGMPHeader(type: type, group: v4).write(toMessage: &head)
        } else {
            packet.extend(MLDHeader.byteCount)
            var head = packet.mutableHead
            let type: ICMPv6Type =
                type == .leave ? .multicastListenerDone : .multicastListenerReport
            MLDHeader(type: type, group: group.v6).write(to: &head)
        }
        sendReport(packet, on: id, to: destination)
    }

    /// Sends a message with its checksum, to the link and no farther, and with the option that has
    /// routers look at it (RFC 9776 §4, RFC 9777 §5).
    private mutating func sendReport(
        _ packet: consuming Packet, on id: InterfaceID, to destination: IPAddress
    ) {
        let isIPv4 = destination.isIPv4
        let source = reportSource(on: id, isIPv4: isIPv4)
        var sum = InternetChecksum()
        if !isIPv4 {
            sum = .pseudoHeader(
                source: source, destination: destination, proto: .icmpv6,
                length: UInt32(truncatingIfNeeded: packet.count))
        }
        var head = packet.mutableHead
        head.write(0 as UInt16, at: GroupReportHeader.checksumOffset)
        sum.add(head.span)
        head.write(sum.value, at: GroupReportHeader.checksumOffset)
        counters.count(.groupReportsSent)
        send(
            packet, from: source, to: destination,
            SendOptions(
                proto: isIPv4 ? .igmp : .icmpv6, timeToLive: 1, trafficClass: isIPv4 ? 0xC0 : 0,
                interface: id, routerAlert: true))
    }

    /// The address that reports come from: of IPv6 a link-local one; none while there is none
    /// (RFC 9776 §4.2.13, RFC 3590 §4).
    private func reportSource(on id: InterfaceID, isIPv4: Bool) -> IPAddress {
        for index in interfaces[id.rawValue].addresses.indices {
            let address = interfaces[id.rawValue].addresses[index]
            let ip = address.prefix.address
            guard address.isUsable, ip.isIPv4 == isIPv4, isIPv4 || ip.isLinkLocal else { continue }
            return ip
        }
        return isIPv4 ? .unspecifiedV4 : .unspecifiedV6
    }
}
