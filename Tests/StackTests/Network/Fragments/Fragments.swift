import Memory
import Testing
import Wire

@testable import Stack

/// Both families, with a peer (2) and the host (1) on one link.
enum Family: CaseIterable, CustomTestStringConvertible {
    case v4
    case v6

    var host: String { self == .v4 ? "192.0.2.1" : "2001:db8::1" }
    var peer: String { self == .v4 ? "192.0.2.2" : "2001:db8::2" }
    var other: String { self == .v4 ? "192.0.2.3" : "2001:db8::3" }
    var headerCount: Int { self == .v4 ? 20 : 40 }
    /// Bytes in front of the data of a fragment.
    var fragmentHeaderCount: Int { self == .v4 ? 20 : 48 }
    var echoRequest: UInt8 { self == .v4 ? 8 : 128 }
    var echoReply: UInt8 { self == .v4 ? 0 : 129 }
    var proto: IPProtocol { self == .v4 ? .icmp : .icmpv6 }
    var timeout: Interval { .seconds(self == .v4 ? 30 : 60) }
    var testDescription: String { self == .v4 ? "IPv4" : "IPv6" }

    /// A host with one address of each family.
    static func links(mtu: Int = 1500) -> IPLinks {
        IPLinks([["192.0.2.1/24", "2001:db8::1/64"]], mtus: [mtu])
    }

    /// The transport's part of an echo request with `count` bytes of a pattern.
    func echo(_ count: Int, sequence: UInt32 = 1) -> [UInt8] {
        IPLinks.icmp(
            type: echoRequest, rest: 0x0042_0000 | sequence, from: peer, to: host,
            (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) })
    }

    /// One fragment with `data`, which begin at `offset` of a datagram.
    func fragment(
        _ data: some Sequence<UInt8>, at offset: Int, more: Bool, id: UInt32 = 7,
        from source: String? = nil, proto: IPProtocol? = nil, trafficClass: UInt8 = 0,
        options: [UInt8] = []
    ) -> [UInt8] {
        let (data, source) = (Array(data), IPLinks.address(source ?? peer))
        let (to, proto) = (IPLinks.address(host), proto ?? self.proto)
        if let from = source.v4, let to = to.v4 {
            let headerCount = IPv4Header.byteCount(optionsCount: options.count)
            var bytes = [UInt8](repeating: 0, count: headerCount) + data
            var span = bytes.mutableSpan
            IPv4Header(
                trafficClass: trafficClass, totalCount: UInt16(headerCount + data.count),
                identification: UInt16(truncatingIfNeeded: id), moreFragments: more,
                fragmentOffset: offset, proto: proto, source: from, destination: to
            ).write(to: &span, options: options.span)
            return bytes
        }
        var bytes = [UInt8](repeating: 0, count: 48) + data
        var span = bytes.mutableSpan
        IPv6Header(
            trafficClass: trafficClass, payloadCount: UInt16(8 + data.count),
            nextHeader: .fragment, source: source.v6, destination: to.v6
        ).write(to: &span)
        IPv6FragmentHeader(nextHeader: proto, offset: offset, hasMore: more, identification: id)
            .write(to: &span, at: 40)
        return bytes
    }

    /// `datagram` in fragments of `size` data, in order.
    func cut(
        _ datagram: [UInt8], every size: Int, id: UInt32 = 7, from source: String? = nil,
        proto: IPProtocol? = nil
    ) -> [[UInt8]] {
        stride(from: 0, to: datagram.count, by: size).map { start in
            let end = min(start + size, datagram.count)
            return fragment(
                datagram[start..<end], at: start, more: end < datagram.count, id: id,
                from: source, proto: proto)
        }
    }
}

/// What a test puts together of what a host sent: the transport's part of one packet, cut or not.
struct Rejoined {
    var payload: [UInt8] = []
    var fragments = 0
    var longest = 0
    /// The first header, and that of the last fragment.
    var header: [UInt8] = []
    var lastHeader: [UInt8] = []

    /// Nil unless the packets are one datagram without gaps and with one identification.
    init?(_ packets: [IPLinks.Sent]) {
        var end: Int?
        var identification: UInt32?
        for packet in packets.sorted(by: { Self.place($0).offset < Self.place($1).offset }) {
            let place = Self.place(packet)
            guard place.offset == payload.count, end == nil else { return nil }
            guard identification ?? place.identification == place.identification else { return nil }
            identification = place.identification
            guard !place.hasMore || (packet.bytes.count - place.data) % 8 == 0 else { return nil }
            payload += packet.bytes[place.data...]
            if !place.hasMore { end = payload.count }
            if header.isEmpty { header = Array(packet.bytes[..<place.data]) }
            lastHeader = Array(packet.bytes[..<place.data])
            longest = max(longest, packet.bytes.count)
            fragments += 1
        }
        guard end != nil else { return nil }
    }

    static func place(
        _ packet: IPLinks.Sent
    ) -> (offset: Int, hasMore: Bool, identification: UInt32, data: Int) {
        let bytes = packet.bytes.span
        guard packet.isIPv6 else {
            let word = bytes.uint16(at: 6)
            return (
                Int(word & 0x1FFF) * 8, word & 0x2000 != 0, UInt32(bytes.uint16(at: 4)),
                packet.headerCount
            )
        }
        guard packet.proto == .fragment else { return (0, false, 0, 40) }
        let word = bytes.uint16(at: 42)
        return (Int(word & 0xFFF8), word & 1 != 0, bytes.uint32(at: 44), 48)
    }
}

extension IPLinks {
    /// All that the host sends on a link.
    func takeAll(on link: Int = 0) -> [Sent] {
        var packets: [Sent] = []
        while let packet = take(on: link) { packets.append(packet) }
        return packets
    }

    /// The answer to an echo request, whole; nil if there is none.
    func takeReply(_ family: Family) -> [UInt8]? {
        let packets = takeAll()
        guard let whole = Rejoined(packets), whole.payload.first == family.echoReply else {
            return nil
        }
        return whole.payload
    }

    func inject(all packets: [[UInt8]]) {
        for packet in packets { inject(packet) }
    }

    func drops(_ reason: DropReason) -> UInt64 { host.counters[reason] }
}
