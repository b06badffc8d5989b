/// What an IP packet carries: the protocol of IPv4, the next header of IPv6 (IANA, Protocol
/// Numbers).
@frozen
public struct IPProtocol: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    @inlinable public static var icmp: IPProtocol { IPProtocol(rawValue: 1) }
    @inlinable public static var igmp: IPProtocol { IPProtocol(rawValue: 2) }
    @inlinable public static var tcp: IPProtocol { IPProtocol(rawValue: 6) }
    @inlinable public static var udp: IPProtocol { IPProtocol(rawValue: 17) }
    @inlinable public static var dccp: IPProtocol { IPProtocol(rawValue: 33) }
    @inlinable public static var icmpv6: IPProtocol { IPProtocol(rawValue: 58) }
    @inlinable public static var sctp: IPProtocol { IPProtocol(rawValue: 132) }
    @inlinable public static var raw: IPProtocol { IPProtocol(rawValue: 255) }

    // The extension headers of IPv6 (IANA, IPv6 Extension Header Types; RFC 7045 §4).

    @inlinable public static var hopByHopOptions: IPProtocol { IPProtocol(rawValue: 0) }
    @inlinable public static var routing: IPProtocol { IPProtocol(rawValue: 43) }
    @inlinable public static var fragment: IPProtocol { IPProtocol(rawValue: 44) }
    /// What follows it is encrypted: nothing of it is a header (RFC 4303 §2).
    @inlinable public static var encapsulatingSecurity: IPProtocol { IPProtocol(rawValue: 50) }
    /// RFC 4302 §2.
    @inlinable public static var authentication: IPProtocol { IPProtocol(rawValue: 51) }
    /// Nothing follows; what does all the same is ignored (RFC 8200 §4.7).
    @inlinable public static var noNextHeader: IPProtocol { IPProtocol(rawValue: 59) }
    @inlinable public static var destinationOptions: IPProtocol { IPProtocol(rawValue: 60) }
    /// RFC 6275 §6.1.
    @inlinable public static var mobility: IPProtocol { IPProtocol(rawValue: 135) }
    /// RFC 7401 §5.1.
    @inlinable public static var hostIdentity: IPProtocol { IPProtocol(rawValue: 139) }
    /// RFC 5533 §5.1.
    @inlinable public static var shim6: IPProtocol { IPProtocol(rawValue: 140) }
}
