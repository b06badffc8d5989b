import Memory
import Wire

/// Completes a transport checksum that was left to the link, in place and over slices too.
///
/// The field holds the pseudo-header's sum; what comes in its stead covers that and all bytes from
/// `start` on. A sum of zero is stored as 0xFFFF, its other form, where UDP has its field and would
/// read zero as "none" (RFC 768); for TCP and ICMP it is zero (RFC 1071 §1), and 0xFFFF would look
/// wrong to whoever computes it anew. A packet whose checksum is not partial, or whose field lies
/// outside its head, is left as it is.
public func completeChecksum(of packet: inout Packet) {
    guard case .partial(let start, let offset) = packet.metadata.checksum else { return }
    let field = Int(start) &+ Int(offset)
    guard field &+ 2 <= packet.head.count else { return }
    var sum = InternetChecksum()
    sum.add(packet.head.extracting(droppingFirst: Int(start)))
    for index in 0..<packet.sliceCount { sum.add(packet.slice(index)) }
    let value = sum.value == 0 && Int(offset) == UDPHeader.checksumOffset ? 0xFFFF : sum.value
    var head = packet.mutableHead
    head.write(value, at: field)
    packet.metadata.checksum = .unknown
}
