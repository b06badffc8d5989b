import Glibc
import Stack
import Wire

/// Options of IPv4, which sockets of IPv6 have too, for when they speak it. ip(7).
extension OptionCall {
    func readIP(_ host: inout Host) throws(OptionError) -> Value {
        let options = try options(host)
        let internet = try internet(host, isIPv4: true)
        if let detail = ipDetail { return .flag(options.details.contains(detail)) }
        switch name {
        case IPLevel.tos: return .int(Int32(internet.trafficClass))
        case IPLevel.ttl: return .int(Int32(internet.timeToLive ?? host.defaultTimeToLive))
        case IPLevel.headerIncluded: return .flag(options.includesHeader)
        case IPLevel.options: return .bytes(options.rare.ipv4Options)
        case IPLevel.mtuDiscover: return .int(Int32(internet.mtuDiscovery.rawValue))
        case IPLevel.receiveErrors: return .flag(internet.keepsErrors)
        case IPLevel.mtu:
            guard let mtu = try stack(try host.pathMTU(of: id)) else {
                throw OptionError(ENOTCONN)
            }
            return .int(Int32(mtu))
        case IPLevel.freeBind: return .flag(options.bindsAnywhere)
        case IPLevel.transparent: return .flag(options.isTransparent)
        case IPLevel.bindNoPort: return .flag(options.defersPort)
        case IPLevel.multicastTTL: return .int(Int32(internet.multicastTimeToLive))
        case IPLevel.multicastLoop: return .flag(internet.loopsMulticast)
        case IPLevel.multicastAll: return .flag(internet.hearsAllGroups)
        case IPLevel.multicastInterface:
            return .bytes(OptionBytes.v4(options.rare.multicastSource ?? .unspecifiedV4))
        default: throw .unknown
        }
    }

    func setIP(_ host: inout Host, _ bytes: OptionBytes) throws(OptionError) {
        if try setGroup(&host, bytes) { return }
        // One byte is enough, and none is 0 where 0 is allowed.
        let value =
            bytes.count >= 4 ? try bytes.int() : bytes.count > 0 ? Int32(bytes.bytes[0]) : 0
        let isOn = value != 0
        if let detail = ipDetail {
            return try update(&host) { $0.details = $0.details.with(detail, isOn) }
        }
        switch name {
        case IPLevel.tos: try setTOS(&host, UInt8(truncatingIfNeeded: value))
        case IPLevel.ttl:
            try bytes.require(1)
            try check(value, in: 1...255, or: value == -1)
            try updateInternet(&host, isIPv4: true) {
                $0.timeToLive = value < 0 ? nil : UInt8(value)
            }
        case IPLevel.headerIncluded:
            guard case .raw = kind else { throw .unknown }
            try update(&host) { $0.includesHeader = isOn }
        case IPLevel.options: try setIPv4Options(&host, bytes)
        case IPLevel.mtuDiscover:
            guard let discovery = Self.discovery(value) else { throw .invalid }
            try updateInternet(&host, isIPv4: true) { $0.mtuDiscovery = discovery }
        case IPLevel.receiveErrors:
            try updateInternet(&host, isIPv4: true) { $0.keepsErrors = isOn }
            if !isOn { try stack(try host.forgetErrors(of: id)) }
        case IPLevel.freeBind:
            try bytes.require(1)
            try update(&host) { $0.bindsAnywhere = isOn }
        case IPLevel.transparent:
            try bytes.require(1)
            try update(&host) { $0.isTransparent = isOn }
        case IPLevel.bindNoPort: try update(&host) { $0.defersPort = isOn }
        case IPLevel.multicastTTL:
            guard kind != .stream else { throw .invalid }
            try bytes.require(1)
            try check(value, in: -1...255)
            try updateInternet(&host, isIPv4: true) {
                $0.multicastTimeToLive = value < 0 ? 1 : UInt8(value)
            }
        case IPLevel.multicastLoop:
            try bytes.require(1)
            try updateInternet(&host, isIPv4: true) { $0.loopsMulticast = isOn }
        case IPLevel.multicastAll:
            try bytes.require(1)
            try check(value, in: 0...1)
            try updateInternet(&host, isIPv4: true) { $0.hearsAllGroups = isOn }
        case IPLevel.multicastInterface: try setMulticastInterface(&host, bytes)
        default: throw .unknown
        }
    }

    static func discovery(_ value: Int32) -> EndpointOptions.MTUDiscovery? {
        UInt8(exactly: value).flatMap(EndpointOptions.MTUDiscovery.init(rawValue:))
    }

    /// What is told beside datagrams that are received.
    private var ipDetail: ReceivedDetails? {
        switch name {
        case IPLevel.packetInfo: .packetInfo
        case IPLevel.receiveTTL: .timeToLive
        case IPLevel.receiveTOS: .trafficClass
        case IPLevel.receiveOptions: .ipOptions
        case IPLevel.returnOptions: .returnOptions
        case IPLevel.receiveDestination: .destination
        default: nil
        }
    }

    /// The bits of ECN are TCP's own.
    private func setTOS(_ host: inout Host, _ value: UInt8) throws(OptionError) {
        let settable: UInt8 = kind == .stream ? ~3 : .max
        try updateInternet(&host, isIPv4: true) { $0.trafficClass = value & settable }
    }

    private func setIPv4Options(
        _ host: inout Host, _ bytes: OptionBytes
    ) throws(OptionError) {
        guard bytes.count <= IPv4Header.maximumOptionsCount else { throw .invalid }
        let options = IPv4Options(bytes.bytes.span)
        guard options.malformedOffset == nil, !options.hasSourceRoute else { throw .invalid }
        var list = bytes.bytes + [UInt8](repeating: 0, count: -bytes.count & 3)
        // The places of a route that is to be recorded are empty, whatever they were given as.
        if let record = options.recordRoute {
            let first = record + Int(list[record + 2]) - 1
            for place in first..<max(first, record + Int(list[record + 1])) { list[place] = 0 }
        }
        let cleared = list
        try update(&host) { $0.rare.ipv4Options = cleared }
    }

    /// `struct in_addr`, `ip_mreq` or `ip_mreqn`: an address of the interface, or its number.
    private func setMulticastInterface(
        _ host: inout Host, _ bytes: OptionBytes
    ) throws(OptionError) {
        guard kind != .stream else { throw .invalid }
        try bytes.require(4)
        let address = bytes.count >= 8 ? bytes.v4(4) : bytes.v4(0)
        var found: InterfaceID?
        if bytes.count >= 12, bytes.word(8) != 0 {
            found = try findInterface(bytes.int(at: 8), host, or: EADDRNOTAVAIL)
        } else if !address.isUnspecified {
            found = host.interface(with: address)
            guard found != nil else { throw OptionError(EADDRNOTAVAIL) }
        }
        if let bound = try options(host).boundInterface, let found, found != bound {
            throw .invalid
        }
        try updateInternet(&host, isIPv4: true) { $0.multicastInterface = found }
        try update(&host) { $0.rare.multicastSource = address.isUnspecified ? nil : address }
    }
}
