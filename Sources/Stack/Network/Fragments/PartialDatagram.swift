import Memory
import Wire

/// What the fragments of one datagram have in common (RFC 791 §3.2, RFC 8200 §4.5).
struct FragmentKey: Equatable, Sendable {
    var source: IPAddress
    var destination: IPAddress
    /// 16 bits in IPv4.
    var identification: UInt32
    /// Part of the name in IPv4 alone; zero in IPv6.
    var proto: UInt8
    /// Where link-local addresses mean something; zero for others.
    var zone: UInt16

    func place(_ hash: KeyedHash) -> UInt64 {
        let rest = UInt64(identification) << 32 | UInt64(proto) << 16 | UInt64(zone)
        return hash.place(source.high, source.low, destination.high, destination.low, rest)
    }
}

/// A fragment that has come in and is well-formed by itself.
struct ArrivedFragment {
    let key: FragmentKey
    /// Where its data stand in the datagram, in bytes: a multiple of 8.
    let offset: Int
    /// How many data there are: at least 1.
    let count: Int
    let hasMore: Bool
    /// The bytes in front that the datagram keeps: the IPv4 header; of IPv6 what stands in front
    /// of the fragment header.
    let headerCount: Int
    /// Where the data begin in the packet.
    let dataOffset: Int
    /// Of IPv6: what the data begin with, and where that is to be named.
    let nextHeader: IPProtocol
    let protoOffset: Int
    let ecn: ECN
    let interface: InterfaceID

    var end: Int { offset &+ count }
    var isFirst: Bool { offset == 0 }
}

/// A datagram of which fragments have come and others are awaited.
///
/// Its bytes stand in chunks as they will in the whole packet: the header of the first fragment
/// ends where the data begin.
struct PartialDatagram: ~Copyable {
    /// Where the data begin in `bytes`: the longest header that is kept, in bytes.
    static var base: Int { 1024 }

    let key: FragmentKey
    let interface: InterfaceID
    var bytes: SparseBytes
    /// Chunks in `bytes`.
    var chunks = 0
    var runs = FragmentRuns()
    var fragments = 0
    /// Where the datagram ends, once the last fragment has come.
    var end: Int?
    /// Of the first fragment, once it has come: its header, how many data it brought, and of IPv6
    /// what they begin with and where that is to be named.
    var headerCount = 0
    var firstCount = 0
    var nextHeader = IPProtocol.noNextHeader
    var protoOffset = 0
    /// Which of the four marks fragments have carried (RFC 3168 §5.3), a bit each.
    var marks: UInt8 = 0
    /// Whether it was given up: what comes of it later is dropped too (RFC 5722 §4).
    var isDropped = false
    var timer: TimerID?
    /// Neighbours in the order of arrival, by place in the slab.
    var older = UInt32.max
    var newer = UInt32.max

    init(_ key: FragmentKey, on interface: InterfaceID, _ bytes: consuming SparseBytes) {
        self.key = key
        self.interface = interface
        self.bytes = bytes
    }

    var isIPv4: Bool { key.source.isIPv4 }
    var hasFirst: Bool { headerCount > 0 }
    /// Whether all of it has come.
    var isWhole: Bool {
        guard let end, hasFirst else { return false }
        return runs.isComplete(to: end)
    }

    /// Where the header begins in `bytes`.
    private var start: UInt32 { UInt32(truncatingIfNeeded: Self.base &- headerCount) }

    /// Whether the header fits the data, which another header's fragments brought, and no mark says
    /// that congestion was met by a sender that does not take part in its notification
    /// (RFC 3168 §5.3).
    var isConsistent: Bool {
        guard let end else { return false }
        let counted = isIPv4 ? headerCount : headerCount &- IPv6Header.byteCount
        return counted &+ end <= 65535 && !(isMarked && marks & 1 != 0)
    }

    private var isMarked: Bool { marks & 1 << ECN.congestionExperienced.rawValue != 0 }

    /// The whole datagram, as if it had never been cut; nil when memory is short.
    ///
    /// - Precondition: `isWhole`.
    func assemble(_ pools: BufferPools) -> Packet? {
        guard let end else { return nil }
        let total = headerCount &+ end
        guard var packet = pools.frame(headroom: NetworkLayer.headroom) else { return nil }
        let inHead = min(total, packet.tailroom)
        bytes.copy(from: start, count: inHead, to: &packet)
        guard
            bytes.attach(
                to: &packet, from: start &+ UInt32(truncatingIfNeeded: inHead),
                count: total &- inHead)
        else { return nil }
        if isIPv4 {
            finishIPv4(&packet, total)
        } else {
            finishIPv6(&packet, total)
        }
        return packet
    }

    private func finishIPv4(_ packet: inout Packet, _ total: Int) {
        var head = packet.mutableHead
        if isMarked { head[1] |= 0x03 }
        head.write(UInt16(truncatingIfNeeded: total), at: 2)
        head.write(0 as UInt16, at: 6)
        head.write(0 as UInt16, at: 10)
        var sum = InternetChecksum()
        sum.add(packet.head.extracting(first: headerCount))
        head = packet.mutableHead
        head.write(sum.value, at: 10)
    }

    private func finishIPv6(_ packet: inout Packet, _ total: Int) {
        var head = packet.mutableHead
        if isMarked { head[1] |= 0x30 }
        head.write(UInt16(truncatingIfNeeded: total &- IPv6Header.byteCount), at: 4)
        head.write(nextHeader.rawValue, at: protoOffset)
    }

    /// The first fragment as it came, as far as an error quotes it; nil when it has not come, or
    /// memory is short.
    func firstFragment(_ pools: BufferPools) -> Packet? {
        guard hasFirst, !isDropped, var packet = pools.frame(headroom: NetworkLayer.headroom)
        else { return nil }
        bytes.copy(from: start, count: headerCount, to: &packet)
        if !isIPv4 {
            packet.extend(IPv6FragmentHeader.byteCount)
            var head = packet.mutableHead
            IPv6FragmentHeader(
                nextHeader: nextHeader, offset: 0, hasMore: true,
                identification: key.identification
            ).write(to: &head, at: headerCount)
        }
        let quoted = min(firstCount, packet.tailroom)
        bytes.copy(from: UInt32(truncatingIfNeeded: Self.base), count: quoted, to: &packet)
        return packet
    }
}
