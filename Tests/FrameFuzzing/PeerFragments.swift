import Memory
import Stack
import Wire

/// Fragments of datagrams: in pieces that fit, overlap, leave gaps or end where none can end.
extension FramePeer {
    /// A datagram for port 7 in pieces; which piece, where and how long goes by the choices.
    private func piece(
        _ whole: [UInt8], _ choices: inout Choices
    ) -> (offset: Int, bytes: [UInt8], isLast: Bool) {
        let units = (whole.count + 7) / 8
        switch choices.next(below: 8) {
        case 0:
            // Beyond all bounds.
            let offset = (8191 - choices.next(below: 4)) * 8
            return (offset, Array(whole.prefix(choices.next(below: 40))), choices.oneIn(2))
        case 1:
            let offset = choices.next(below: units) * 8
            return (offset, [], choices.oneIn(2))
        default:
            let start = choices.next(below: min(units, 8)) * 8
            let count = choices.next(below: 8) * 8 + (choices.oneIn(8) ? 3 : 0)
            let end = choices.oneIn(3) ? whole.count : min(whole.count, start + count)
            return (start, Array(whole[start..<max(start, end)]), end >= whole.count)
        }
    }

    private func whole(_ choices: inout Choices) -> [UInt8] {
        let count = 40 + choices.next(below: 4) * 8
        var bytes = [UInt8](repeating: 6, count: count)
        var span = bytes.mutableSpan
        UDPHeader(sourcePort: 1000, destinationPort: 7, length: UInt16(count))
            .write(to: &span)
        return bytes
    }

    func ipv4Fragment(_ choices: inout Choices) -> [UInt8] {
        let protos: [IPProtocol] = [.udp, .udp, .tcp, .icmp]
        let (offset, bytes, isLast) = piece(whole(&choices), &choices)
        var header = [UInt8](repeating: 0, count: IPv4Header.byteCount)
        var span = header.mutableSpan
        IPv4Header(
            totalCount: UInt16(IPv4Header.byteCount + bytes.count),
            identification: UInt16(choices.next(below: 3)), dontFragment: choices.oneIn(16),
            moreFragments: !isLast, fragmentOffset: offset,
            proto: protos[choices.next(below: protos.count)],
            source: IPv4Address(0x0A07_0002 &+ (choices.oneIn(8) ? 1 : 0)),
            destination: Self.hostAddress
        ).write(to: &span)
        return self.header(.ipv4) + header + bytes
    }

    func ipv6Fragment(_ choices: inout Choices) -> [UInt8] {
        let protos: [IPProtocol] = [.udp, .udp, .tcp, .icmpv6, .destinationOptions]
        let (offset, bytes, isLast) = piece(whole(&choices), &choices)
        let place = UInt16(truncatingIfNeeded: offset) | (isLast ? 0 : 1)
        let proto = protos[choices.next(below: protos.count)].rawValue
        let header: [UInt8] = [
            proto, 0, UInt8(place >> 8), UInt8(place & 255), 0, 0, 0,
            UInt8(choices.next(below: 3)),
        ]
        return ipv6Packet(
            .fragment, header + bytes, from: Self.peerIPv6, to: Self.hostIPv6)
    }
}
