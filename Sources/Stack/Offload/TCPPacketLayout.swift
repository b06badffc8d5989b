import Memory
import Wire

/// Where the parts of a TCP packet lie, in bytes from the packet's start.
///
///     | link header | IP header | TCP header | payload |
///     0             network     transport    payload   end
struct TCPPacketLayout {
    let network: Int
    let transport: Int
    let payload: Int
    /// Where the payload ends: link-layer padding lies behind it.
    let end: Int
    let isIPv6: Bool

    var payloadCount: Int { end &- payload }

    /// Nil when the packet is no whole, unfragmented TCP packet with all headers in its head.
    init?(_ packet: borrowing Packet, networkOffset: Int) {
        let head = packet.head
        network = networkOffset
        guard network >= 0, network &+ IPField.ipv4HeaderCount <= head.count else { return nil }
        switch head[network] >> 4 {
        case 4:
            let headerCount = Int(head[network] & 0x0F) &* 4
            guard headerCount >= IPField.ipv4HeaderCount,
                head[network &+ 9] == IPProtocol.tcp.rawValue,
                head.uint16(at: network &+ IPField.ipv4Fragment) & 0x3FFF == 0
            else { return nil }
            isIPv6 = false
            transport = network &+ headerCount
            end = network &+ Int(head.uint16(at: network &+ IPField.ipv4TotalCount))
        case 6:
            guard let place = Self.transportBehindIPv6(head, at: network) else { return nil }
            isIPv6 = true
            transport = place
            end =
                network &+ IPField.ipv6HeaderCount
                &+ Int(head.uint16(at: network &+ IPField.ipv6PayloadCount))
        default: return nil
        }
        guard transport &+ TCPField.headerCount <= head.count, end <= packet.count
        else { return nil }
        let headerCount = Int(head[transport &+ TCPField.dataOffset] >> 4) &* 4
        payload = transport &+ headerCount
        guard headerCount >= TCPField.headerCount, payload <= head.count, payload <= end
        else { return nil }
    }

    /// Where TCP begins behind an IPv6 header and the options for hops and destination (RFC 8200
    /// §4); nil behind any other extension header.
    private static func transportBehindIPv6(_ head: Span<UInt8>, at network: Int) -> Int? {
        var place = network &+ IPField.ipv6HeaderCount
        guard place <= head.count else { return nil }
        var next = head[network &+ 6]
        while next == IPField.hopByHopOptions || next == IPField.destinationOptions {
            guard place &+ 8 <= head.count else { return nil }
            next = head[place]
            place &+= (Int(head[place &+ 1]) &+ 1) &* 8
        }
        return next == IPProtocol.tcp.rawValue ? place : nil
    }

    /// The sum over the pseudo-header for this packet with `count` bytes of payload (RFC 9293
    /// §3.1, RFC 8200 §8.1): addresses, protocol and length stand alike in both families.
    func pseudoHeaderSum(_ head: Span<UInt8>, payloadCount count: Int) -> UInt16 {
        var sum = InternetChecksum()
        let addresses = network &+ (isIPv6 ? 8 : 12)
        sum.add(head.extracting(addresses..<addresses &+ (isIPv6 ? 32 : 8)))
        sum.add(UInt16(IPProtocol.tcp.rawValue))
        sum.add(UInt32(truncatingIfNeeded: payload &- transport &+ count))
        return sum.partial
    }
}

extension TCPPacketLayout {
    /// Offsets and values in IP headers.
    enum IPField {
        static var ipv4HeaderCount: Int { 20 }
        static var ipv4TotalCount: Int { 2 }
        static var ipv4Identification: Int { 4 }
        static var ipv4Fragment: Int { 6 }
        static var ipv4Checksum: Int { 10 }
        static var ipv4Source: Int { 12 }
        static var ipv6HeaderCount: Int { 40 }
        static var ipv6PayloadCount: Int { 4 }
        static var hopByHopOptions: UInt8 { 0 }
        static var destinationOptions: UInt8 { 60 }
    }

    /// Offsets and values in a TCP header.
    enum TCPField {
        static var headerCount: Int { 20 }
        static var sequence: Int { 4 }
        static var dataOffset: Int { 12 }
        static var flags: Int { 13 }
        static var checksum: Int { 16 }
        static var finAndPush: UInt8 { 0x09 }
        static var congestionWindowReduced: UInt8 { 0x80 }
    }
}
