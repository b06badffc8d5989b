import Glibc
import Stack
import Wire

/// Control messages of the Internet's sockets on their way out: `IP_PKTINFO` and its kin, in
/// Linux's bytes.
extension DatagramControl {
    /// - Parameter isToIPv4: Whether the datagram goes to IPv4, whose messages count then.
    /// - Throws: `EINVAL` for messages of its levels that are unknown or badly made, as on Linux;
    ///   those of other levels are passed over.
    init(
        _ messages: [ControlMessage], _ flags: MessageFlags, isToIPv4: Bool
    ) throws(OptionError) {
        self.init()
        isForNeighbour = flags.contains(.dontRoute)
        confirms = flags.contains(.confirm)
        hasMore = flags.contains(.more)
        for message in messages {
            let bytes = OptionBytes(message.bytes)
            switch message.level {
            case OptionLevel.socket: try Self.checkSocket(message)
            case OptionLevel.ip where isToIPv4: try takeIP(message.type, bytes)
            case OptionLevel.ipv6 where !isToIPv4: try takeIPv6(message.type, bytes)
            case OptionLevel.ipv6 where message.type == IPv6Level.packetInfo:
                // The one message of IPv6 that a datagram to IPv4 takes.
                guard bytes.count >= 20, bytes.v6(0).isIPv4 else { throw .invalid }
                try takeIPv6(message.type, bytes)
            case OptionLevel.udp:
                guard message.type == UDPLevel.segment, bytes.count == 2 else { throw .invalid }
                segmentSize = bytes.half(0)
            default: break
            }
        }
    }

    /// What Linux takes beside any datagram: marks and priorities, rights and credentials, which
    /// mean nothing here.
    static func checkSocket(_ message: ControlMessage) throws(OptionError) {
        switch message.type {
        case SocketLevel.mark, SocketLevel.priority:
            guard message.bytes.count == 4 else { throw .invalid }
        case 1, 2: break
        default: throw .invalid
        }
    }

    private mutating func takeIP(_ type: Int32, _ bytes: OptionBytes) throws(OptionError) {
        switch type {
        case IPLevel.packetInfo:
            // `struct in_pktinfo`: number of the interface, address to speak from, destination.
            guard bytes.count == 12 else { throw .invalid }
            if let zone = UInt16(exactly: bytes.word(0)), let link = InterfaceID(zone: zone) {
                interface = link
            } else if bytes.word(0) != 0 {
                throw OptionError(ENODEV)
            }
            let address = bytes.v4(4)
            if !address.isUnspecified { source = address }
        case IPLevel.ttl:
            guard bytes.count == 4, case let hops = try bytes.int(), (1...255).contains(hops) else {
                throw .invalid
            }
            timeToLive = UInt8(hops)
        case IPLevel.tos:
            guard bytes.count == 4 || bytes.count == 1 else { throw .invalid }
            let value = bytes.count == 4 ? try bytes.int() : Int32(bytes.bytes[0])
            guard (0...255).contains(value) else { throw .invalid }
            trafficClass = UInt8(value)
        case IPLevel.returnOptions:
            guard bytes.count <= IPv4Header.maximumOptionsCount,
                case let options = IPv4Options(bytes.bytes.span), options.malformedOffset == nil,
                !options.hasSourceRoute
            else { throw .invalid }
            ipv4Options = bytes.bytes
        default: throw .invalid
        }
    }

    private mutating func takeIPv6(_ type: Int32, _ bytes: OptionBytes) throws(OptionError) {
        if type == IPv6Level.packetInfo {
            // `struct in6_pktinfo`: address to speak from, number of the interface.
            guard bytes.count >= 20 else { throw .invalid }
            let address = bytes.v6(0)
            if !address.isUnspecified, !address.isAllZero { source = address }
            guard bytes.word(16) != 0 else { return }
            guard let zone = UInt16(exactly: bytes.word(16)) else { throw OptionError(ENODEV) }
            interface = InterfaceID(zone: zone)
            return
        }
        guard bytes.count == 4 else { throw .invalid }
        let value = try bytes.int()
        switch type {
        case IPv6Level.hopLimit:
            guard (-1...255).contains(value) else { throw .invalid }
            timeToLive = value < 0 ? nil : UInt8(value)
        case IPv6Level.trafficClass:
            guard (-1...255).contains(value) else { throw .invalid }
            // Linux takes -1 for a number too.
            trafficClass = UInt8(truncatingIfNeeded: value)
        case IPv6Level.dontFragment:
            guard (0...1).contains(value) else { throw .invalid }
            neverFragments = value == 1
        default: throw .invalid
        }
    }
}

extension IPAddress {
    fileprivate var isAllZero: Bool { high == 0 && low == 0 }
}
