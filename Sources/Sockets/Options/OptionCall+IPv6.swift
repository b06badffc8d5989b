import Glibc
import Stack
import Wire

/// Options of IPv6. ipv6(7), RFC 3493, RFC 3542.
extension OptionCall {
    func readIPv6(_ host: inout Host) throws(OptionError) -> Value {
        let options = try options(host)
        if let detail = ipv6Detail { return .flag(options.details.contains(detail)) }
        switch name {
        case IPv6Level.unicastHops:
            return .int(Int32(options.timeToLive ?? host.defaultTimeToLive))
        case IPv6Level.multicastHops: return .int(Int32(options.multicastTimeToLive))
        case IPv6Level.multicastLoop: return .flag(options.loopsMulticast)
        case IPv6Level.multicastAll: return .flag(options.hearsAllGroups)
        case IPv6Level.multicastInterface:
            return .int(Int32(options.multicastInterface?.zone ?? 0))
        case IPv6Level.mtuDiscover: return .int(Int32(options.mtuDiscovery.rawValue))
        case IPv6Level.receiveErrors: return .flag(options.keepsErrors)
        case IPv6Level.v6Only:
            let isBound = try stack(try host.isBoundToV6(id))
            return .flag(options.isV6Only || isBound)
        case IPv6Level.trafficClass: return .int(Int32(options.trafficClass))
        case IPv6Level.dontFragment: return .flag(options.neverFragments)
        case IPv6Level.freeBind: return .flag(options.bindsAnywhere)
        case IPv6Level.transparent: return .flag(options.isTransparent)
        case IPv6Level.mtu:
            guard let mtu = try stack(try host.pathMTU(of: id)) else {
                throw OptionError(ENOTCONN)
            }
            return .int(Int32(mtu))
        case IPv6Level.headerIncluded where isRaw: return .flag(options.includesHeader)
        case IPv6Level.checksum where isRaw:
            // Of ICMPv6 it is always computed.
            if kind == .raw(.icmpv6) { return .int(2) }
            return .int(options.checksumOffset.map(Int32.init) ?? -1)
        default: throw .unknown
        }
    }

    func setIPv6(_ host: inout Host, _ bytes: OptionBytes) throws(OptionError) {
        if try setGroup(&host, bytes) { return }
        // The one option that asks for no size.
        if name == IPv6Level.dontFragment {
            let isOn = bytes.count >= 4 && bytes.word(0) != 0
            return try update(&host) { $0.neverFragments = isOn }
        }
        if name == IPv6Level.packetInfo { return try setPacketInfo(&host, bytes) }
        guard isKnownV6 else { throw .unknown }
        let value = try bytes.int()
        let isOn = value != 0
        if let detail = ipv6Detail {
            return try update(&host) { $0.details = $0.details.with(detail, isOn) }
        }
        switch name {
        case IPv6Level.unicastHops:
            try check(value, in: -1...255)
            try update(&host) { $0.timeToLive = value < 0 ? nil : UInt8(value) }
        case IPv6Level.multicastHops:
            try check(value, in: -1...255)
            try update(&host) { $0.multicastTimeToLive = value < 0 ? 1 : UInt8(value) }
        case IPv6Level.multicastLoop:
            try check(value, in: 0...1)
            try update(&host) { $0.loopsMulticast = isOn }
        case IPv6Level.multicastAll: try update(&host) { $0.hearsAllGroups = isOn }
        case IPv6Level.multicastInterface:
            let found = try findInterface(value, host, or: ENODEV)
            if let bound = try options(host).boundInterface, let found, found != bound {
                throw .invalid
            }
            try update(&host) { $0.multicastInterface = found }
        case IPv6Level.mtuDiscover:
            guard let discovery = Self.discovery(value) else { throw .invalid }
            try update(&host) { $0.mtuDiscovery = discovery }
        case IPv6Level.receiveErrors:
            try update(&host) { $0.keepsErrors = isOn }
            if !isOn { try stack(try host.forgetErrors(of: id)) }
        case IPv6Level.v6Only:
            guard !isRaw, try stack(try host.localAddress(of: id)).port == 0 else {
                throw .invalid
            }
            try update(&host) { $0.isV6Only = isOn }
        case IPv6Level.trafficClass:
            try check(value, in: -1...255)
            let settable: UInt8 = kind == .stream ? ~3 : .max
            try update(&host) { $0.trafficClass = value < 0 ? 0 : UInt8(value) & settable }
        case IPv6Level.freeBind: try update(&host) { $0.bindsAnywhere = isOn }
        case IPv6Level.transparent: try update(&host) { $0.isTransparent = isOn }
        case IPv6Level.mtu:
            try check(value, in: 1280...Int32.max, or: value == 0)
            try update(&host) {
                $0.rare.fragmentLimit = value == 0 ? nil : UInt16(clamping: value)
            }
        case IPv6Level.headerIncluded: try update(&host) { $0.includesHeader = isOn }
        case IPv6Level.checksum:
            // That of ICMPv6 is no choice; others stand at an even place.
            guard kind != .raw(.icmpv6), value < 0 || value & 1 == 0 else { throw .invalid }
            try update(&host) {
                $0.checksumOffset = value < 0 ? nil : UInt16(clamping: value)
            }
        default: throw .unknown
        }
    }

    /// `struct in6_pktinfo`, which holds for all datagrams that bring none; no bytes take it back.
    private func setPacketInfo(_ host: inout Host, _ bytes: OptionBytes) throws(OptionError) {
        if bytes.count > 0 { try bytes.require(20) }
        let (source, number) = bytes.count > 0 ? (bytes.v6(0), bytes.word(16)) : (.unspecifiedV6, 0)
        let bound = try options(host).boundInterface
        guard bound == nil || number == UInt32(bound?.zone ?? 0) else { throw .invalid }
        try update(&host) {
            $0.rare.v6Source = source.isUnspecified ? nil : source
            $0.rare.v6Interface = InterfaceID(zone: UInt16(truncatingIfNeeded: number))
        }
    }

    private var isRaw: Bool {
        if case .raw = kind { true } else { false }
    }

    /// Whether the socket has the option at all, which goes before its size.
    private var isKnownV6: Bool {
        switch name {
        case IPv6Level.multicastHops, IPv6Level.multicastInterface: kind != .stream
        case IPv6Level.headerIncluded, IPv6Level.checksum: isRaw
        default: true
        }
    }

    /// What is told beside datagrams that are received.
    private var ipv6Detail: ReceivedDetails? {
        switch name {
        case IPv6Level.receivePacketInfo: .v6PacketInfo
        case IPv6Level.receiveHopLimit: .v6HopLimit
        case IPv6Level.receiveTrafficClass: .v6TrafficClass
        case IPv6Level.receiveDestination: .v6Destination
        default: nil
        }
    }
}
