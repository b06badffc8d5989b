import Glibc
import Stack

/// Options of UDP and of raw sockets. udp(7), raw(7).
extension OptionCall {
    func readUDP(_ host: inout Host) throws(OptionError) -> Value {
        let options = try options(host)
        switch name {
        case UDPLevel.cork: return .flag(options.isCorked)
        case UDPLevel.merge: return .flag(options.mergesDatagrams)
        case UDPLevel.segment: return .int(Int32(options.rare.segmentSize ?? 0))
        case UDPLevel.noV6ChecksumOut: return .flag(options.rare.omitsV6Checksum)
        case UDPLevel.noV6ChecksumIn: return .flag(options.rare.acceptsNoV6Checksum)
        default: throw .unknown
        }
    }

    func setUDP(_ host: inout Host, _ bytes: OptionBytes) throws(OptionError) {
        let value = try bytes.int()
        let isOn = value != 0
        switch name {
        case UDPLevel.cork:
            try update(&host) { $0.isCorked = isOn }
            // What was collected leaves; that it could not is nobody's to hear of.
            if !isOn { try? host.flushDatagram(of: id) }
        case UDPLevel.merge: try update(&host) { $0.mergesDatagrams = isOn }
        case UDPLevel.segment:
            try check(value, in: 0...65_535)
            try update(&host) { $0.rare.segmentSize = value == 0 ? nil : UInt16(value) }
        case UDPLevel.noV6ChecksumOut: try update(&host) { $0.rare.omitsV6Checksum = isOn }
        case UDPLevel.noV6ChecksumIn: try update(&host) { $0.rare.acceptsNoV6Checksum = isOn }
        default: throw .unknown
        }
    }

    // MARK: - Filters of ICMP

    /// Types that a word has a bit for: 32 of ICMP, all 256 of ICMPv6.
    private var typeCount: Int { family == .inet ? 32 : 256 }

    /// - Throws: `ENOPROTOOPT` for other options of the level; `EOPNOTSUPP` for sockets of other
    ///   protocols than ICMP, where all of the level of ICMPv6 is.
    private func checkFilter() throws(OptionError) {
        guard level == OptionLevel.icmpv6 || name == RawLevel.icmpFilter else { throw .unknown }
        let own: EndpointKind = .raw(family == .inet ? .icmp : .icmpv6)
        guard kind == own else { throw OptionError(EOPNOTSUPP) }
        guard name == RawLevel.icmpFilter else { throw .unknown }
    }

    func readFilter(_ host: inout Host) throws(OptionError) -> Value {
        try checkFilter()
        let filter = try stack(try host.filter(of: id))
        return .bytes(filter.bytes(ofTypes: typeCount))
    }

    /// A bit for each type that is not wanted; bytes that are not given stay as they were.
    func setFilter(_ host: inout Host, _ bytes: OptionBytes) throws(OptionError) {
        try checkFilter()
        var filter = try stack(try host.filter(of: id))
        for type in 0..<min(typeCount, 8 * bytes.count) {
            filter[UInt8(type)] = bytes.bytes[type / 8] & 1 << (type % 8) == 0
        }
        let changed = filter
        try stack(try host.setFilter(changed, of: id))
    }
}
