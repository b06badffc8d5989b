import Memory
import Wire

@testable import Stack

/// A host on one link, of which the test plays the routers and the other hosts.
final class GroupLink {
    static let own = "10.7.0.1"
    static let ownV6 = "fe80::1"
    static let router = "10.7.0.9"
    static let routerV6 = "fe80::9"
    static let group = IPAddress.v4(239, 1, 2, 3)
    static let groupV6 = IPLinks.address("ff15::1:3")

    let links: IPLinks
    let interface: InterfaceID
    /// Since the test began.
    private(set) var elapsed = Interval.zero

    init(_ addresses: [String] = ["10.7.0.1/16", "fe80::1/64"], mtu: Int = 1500) {
        links = IPLinks([addresses], mtus: [mtu])
        interface = links.interfaces[0]
    }

    /// A datagram endpoint bound to `port` and every address.
    func endpoint(_ family: AddressFamily = .inet, port: UInt16 = 5000) throws -> EndpointID {
        let id = links.host.open(.datagram, family: family)
        var options = try links.host.options(of: id)
        options.sharesAddress = true
        try links.host.setOptions(options, of: id)
        try links.host.bind(id, to: SocketAddress(address: family.unspecified, port: port))
        return id
    }

    // MARK: - What the host reports

    struct Record: Equatable, CustomStringConvertible {
        let type: UInt8
        let group: String
        var sources: [String] = []

        init(_ type: GroupRecordType, _ group: IPAddress, _ sources: [String] = []) {
            self.type = type.rawValue
            self.group = group.description
            self.sources = sources
        }

        var description: String { "\(type) \(group) \(sources)" }
    }

    /// A message of IGMP or MLD, taken apart.
    struct Message {
        let at: Interval
        let packet: IPLinks.Sent
        /// IGMP's or ICMPv6's type.
        let type: UInt8
        let hasAlert: Bool
        let sumIsRight: Bool
        /// The group of an older message.
        let group: String
        let records: [Record]
    }

    /// Lets `interval` pass; the messages that left meanwhile.
    func messages(in interval: Interval = .zero) -> [Message] {
        var list: [Message] = []
        let end = elapsed + interval
        links.wait(.zero)
        while true {
            while let sent = links.take() {
                if let message = message(sent) { list.append(message) }
            }
            let next = links.host.nextDeadline
            guard next < links.now + (end - elapsed) || next == links.now else { break }
            pass(max(next - links.now, .microseconds(1)))
        }
        pass(end - elapsed)
        while let sent = links.take() {
            if let message = message(sent) { list.append(message) }
        }
        return list
    }

    private func pass(_ interval: Interval) {
        elapsed = elapsed + interval
        links.wait(interval)
    }

    /// The records of the messages that leave within `interval`, one list a message.
    func records(in interval: Interval = .zero) -> [[Record]] {
        messages(in: interval).map(\.records)
    }

    private func message(_ sent: IPLinks.Sent) -> Message? {
        var body = sent.payload
        var hasAlert = sent.headerCount == 24 && Array(sent.bytes[20..<24]) == [148, 4, 0, 0]
        if sent.isIPv6 {
            guard sent.proto.rawValue == 0, body[0] == 58 else { return nil }
            hasAlert = Array(body[2..<6]) == [5, 2, 0, 0]
            body.removeFirst(8)
        } else {
            guard sent.proto == .igmp else { return nil }
        }
        var sum = InternetChecksum()
        if sent.isIPv6 {
            sum = .pseudoHeader(
                source: sent.source, destination: sent.destination, proto: .icmpv6,
                length: UInt32(body.count))
        }
        sum.add(body.span)
        var records: [Record] = []
        var group = ""
        if [0x22, 143].contains(body[0]) {
            records = self.records(body, isIPv4: !sent.isIPv6)
        } else if sent.isIPv6 {
            group = IPAddress(body.span.ipv6Address(at: 8)).description
        } else {
            group = IPAddress(body.span.ipv4Address(at: 4)).description
        }
        return Message(
            at: elapsed, packet: sent, type: body[0], hasAlert: hasAlert,
            sumIsRight: sum.value == 0, group: group, records: records)
    }

    private func records(_ body: [UInt8], isIPv4: Bool) -> [Record] {
        guard let report = try? GroupReport(body.span, isIPv4: isIPv4) else { return [] }
        var records: [Record] = []
        var offset = 0
        for _ in 0..<report.recordCount {
            guard let record = try? report.record(at: offset) else { return [] }
            var sources: [String] = []
            for index in 0..<record.sources.count {
                sources.append(record.sources[index].description)
            }
            records.append(Record(record.type, record.group, sources))
            offset += record.byteCount
        }
        // The message ends with its last record.
        return offset + 8 == body.count ? records : []
    }

    // MARK: - What others say

    /// An IP packet with the router alert option.
    static func alert(
        _ message: [UInt8], from source: String, to destination: String, hops: UInt8 = 1,
        hasAlert: Bool = true
    ) -> [UInt8] {
        let (from, to) = (IPLinks.address(source), IPLinks.address(destination))
        guard let from = from.v4, let to = to.v4 else {
            let options: [UInt8] = hasAlert ? [58, 0, 5, 2, 0, 0, 1, 0] : []
            return IPLinks.packet(
                IPProtocol(rawValue: hasAlert ? 0 : 58), from: source, to: destination, hops: hops,
                options + message)
        }
        let count = hasAlert ? 24 : 20
        var bytes = [UInt8](repeating: 0, count: count) + message
        let header = IPv4Header(
            totalCount: UInt16(bytes.count), identification: 7, timeToLive: hops, proto: .igmp,
            source: from, destination: to)
        var span = bytes.mutableSpan
        let options: [UInt8] = [148, 4, 0, 0]
        if hasAlert {
            header.write(to: &span, options: options.span)
        } else {
            header.write(to: &span)
        }
        return bytes
    }

    /// A query of IGMPv3.
    static func query(
        _ group: IPAddress? = nil, _ sources: [String] = [], within tenths: UInt32 = 100,
        robustness: UInt8 = 2, interval: UInt32 = 125
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 12 + 4 * sources.count)
        var span = bytes.mutableSpan
        for (index, source) in sources.enumerated() {
            span.write(IPLinks.address(source), at: 12 + 4 * index)
        }
        IGMPQueryHeader(
            maximumResponseTime: tenths, group: group?.v4 ?? .unspecified, robustness: robustness,
            queryInterval: interval, sourceCount: UInt16(sources.count)
        ).write(toMessage: &span)
        return bytes
    }

    /// A message of IGMPv1 or v2.
    static func older(_ type: IGMPType, code: UInt8 = 0, _ group: IPAddress? = nil) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 8)
        var span = bytes.mutableSpan
        IGMPHeader(type: type, code: code, group: group?.v4 ?? .unspecified)
            .write(toMessage: &span)
        return bytes
    }

    /// A query of MLDv2.
    static func queryV6(
        _ group: IPAddress? = nil, _ sources: [String] = [], within milliseconds: UInt32 = 10_000,
        robustness: UInt8 = 2, from source: String = routerV6, to destination: String = "ff02::1"
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 28 + 16 * sources.count)
        var span = bytes.mutableSpan
        for (index, source) in sources.enumerated() {
            span.write(IPLinks.address(source), at: 28 + 16 * index)
        }
        MLDQueryHeader(
            maximumResponseDelay: milliseconds, group: group?.v6 ?? .unspecified,
            robustness: robustness, sourceCount: UInt16(sources.count)
        ).write(to: &span)
        return summed(bytes, from: source, to: destination)
    }

    /// A message of MLDv1.
    static func olderV6(
        _ type: ICMPv6Type, within milliseconds: UInt16 = 0, _ group: IPAddress? = nil,
        from source: String = routerV6, to destination: String = "ff02::1"
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 24)
        var span = bytes.mutableSpan
        MLDHeader(type: type, maximumResponse: milliseconds, group: group?.v6 ?? .unspecified)
            .write(to: &span)
        return summed(bytes, from: source, to: destination)
    }

    static func summed(
        _ message: [UInt8], from source: String, to destination: String
    ) -> [UInt8] {
        var bytes = message
        bytes[2] = 0
        bytes[3] = 0
        var sum = InternetChecksum.pseudoHeader(
            source: IPLinks.address(source), destination: IPLinks.address(destination),
            proto: .icmpv6, length: UInt32(bytes.count))
        sum.add(bytes.span)
        let value = sum.value
        bytes[2] = UInt8(value >> 8)
        bytes[3] = UInt8(value & 0xFF)
        return bytes
    }

    /// The router says `message`, by IGMP to all hosts or by MLD to all nodes.
    func hear(_ message: [UInt8], isIPv4: Bool = true, to destination: String? = nil) {
        links.inject(
            Self.alert(
                message, from: isIPv4 ? Self.router : Self.routerV6,
                to: destination ?? (isIPv4 ? "224.0.0.1" : "ff02::1")))
    }

    // MARK: - What the host knows

    func isMember(_ group: IPAddress, on id: InterfaceID? = nil) -> Bool {
        links.host.network.isMember(of: group, on: id ?? interface)
    }

    func accepts(from source: IPAddress, to group: IPAddress) -> Bool {
        links.host.network.accepts(from: source, to: group, on: interface)
    }

    /// Sources that an answer is kept for.
    func askedSources(of group: IPAddress) -> Int? {
        let hash = links.host.network.hash
        guard let entry = links.host.network.groups.find(group, on: interface, hash) else {
            return nil
        }
        return links.host.network.groups.groups[entry].answer.sources.count
    }

    /// Entries of the table, also of groups that are over but for what is still to be told.
    var groupCount: Int { links.host.network.groups.groups.count }

    subscript(reason: DropReason) -> UInt64 { links.host.counters[reason] }
}
