import Wire

/// What a device does for its stack.
public struct DeviceCapabilities: Equatable, Sendable {
    /// Whether it carries Ethernet frames, or bare IP packets.
    public var isEthernet: Bool
    /// The most bytes of an IP packet.
    public var mtu: Int
    /// Whether it takes packets whose transport checksum is partial.
    public var offloadsChecksums: Bool
    /// Whether it takes merged TCP packets of up to 64 KB.
    public var segments: Bool

    public init(
        isEthernet: Bool = true, mtu: Int = 1500, offloadsChecksums: Bool = false,
        segments: Bool = false
    ) {
        self.isEthernet = isEthernet
        self.mtu = mtu
        self.offloadsChecksums = offloadsChecksums
        self.segments = segments
    }

    /// Where the IP header begins in each packet: behind an Ethernet header, or at once.
    var networkOffset: Int { isEthernet ? EthernetHeader.byteCount : 0 }
}
