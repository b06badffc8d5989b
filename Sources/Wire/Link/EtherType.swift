/// What an Ethernet frame carries (IEEE 802.3 §3.2.6; numbers: IANA, IEEE 802 Numbers).
@frozen
public struct EtherType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    @inlinable
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    @inlinable public static var ipv4: EtherType { EtherType(rawValue: 0x0800) }
    @inlinable public static var arp: EtherType { EtherType(rawValue: 0x0806) }
    @inlinable public static var ipv6: EtherType { EtherType(rawValue: 0x86DD) }

    /// Whether the field is no type but the length of an IEEE 802.2 payload.
    @inlinable public var isLength: Bool { rawValue < 0x0600 }
}
