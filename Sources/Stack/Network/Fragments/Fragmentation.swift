import Memory
import Wire

/// Packets that are larger than the link.
extension NetworkLayer {
    /// Sends an IP packet in pieces of at most `mtu` bytes.
    mutating func sendFragments(
        of packet: consuming Packet, mtu: Int, on id: InterfaceID, to nextHop: IPAddress
    ) {
        counters.count(.packetTooBig)
    }
}
