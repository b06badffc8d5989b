import Memory
import Stack
import Wire

/// The packet that tells a sender that its packet may not pass: a reset for TCP, "administratively
/// prohibited" for all else (RFC 792, RFC 1812 §5.2.7.1; RFC 4443 §3.1).
///
/// It bears the address that the packet was for, and travels back as an answer would. A program sees
/// ECONNREFUSED, EHOSTUNREACH (IPv4) or EACCES (IPv6), as behind a Linux firewall that rejects.
public enum Rejection {
    /// The answer to `packet`; nil where none may be given or `pools` are short of memory.
    ///
    /// - Parameter networkOffset: Where the IP header begins: 14 behind an Ethernet header, else 0.
    public static func packet(
        answering packet: borrowing Packet, networkOffset: Int, from pools: BufferPools
    ) -> Packet? {
        guard case .packet(let read) = TrackedPacket.read(packet, networkOffset: networkOffset),
            mayAnswer(read), isUnicast(packet.head, networkOffset)
        else { return nil }
        let answer =
            if let segment = read.segment {
                reset(read, segment, networkOffset, pools)
            } else {
                prohibition(packet, read, networkOffset, pools)
            }
        guard var answer else { return nil }
        guard networkOffset == EthernetHeader.byteCount else { return answer }
        answer.prepend(networkOffset)
        var head = answer.mutableHead
        EthernetHeader(
            destination: packet.head.macAddress(at: 6), source: packet.head.macAddress(at: 0),
            etherType: EtherType(rawValue: packet.head.uint16(at: 12))
        ).write(to: &head)
        return answer
    }

    /// RFC 1122 §3.2.2, RFC 4443 §2.4 (e): no errors about errors, later fragments, groups, nobody.
    private static func mayAnswer(_ packet: TrackedPacket) -> Bool {
        let (source, destination) = (packet.source, packet.destination)
        return !packet.isError && !packet.isLaterFragment
            && packet.segment?.flags.contains(.rst) != true && !source.isMulticast
            && !source.isUnspecified && !source.isBroadcast && !destination.isMulticast
            && !destination.isUnspecified && !destination.isBroadcast
    }

    /// Whether the frame was for one station, from one.
    private static func isUnicast(_ head: Span<UInt8>, _ networkOffset: Int) -> Bool {
        networkOffset == 0 || (head[0] | head[6]) & 1 == 0
    }

    /// The reset of a connection that does not exist (RFC 9293 §3.10.7.1).
    private static func reset(
        _ packet: TrackedPacket, _ segment: TrackedSegment, _ headroom: Int, _ pools: BufferPools
    ) -> Packet? {
        guard var answer = pools.control(headroom: headroom &+ IPv6Header.byteCount) else {
            return nil
        }
        let hasAcknowledgment = segment.flags.contains(.ack)
        let header = TCPHeader(
            sourcePort: packet.tuple.destinationPort, destinationPort: packet.tuple.sourcePort,
            sequence: hasAcknowledgment ? segment.acknowledgment : SequenceNumber(0),
            acknowledgment: hasAcknowledgment ? SequenceNumber(0) : segment.end,
            flags: hasAcknowledgment ? .rst : [.rst, .ack], window: 0)
        answer.extend(TCPHeader.byteCount)
        var head = answer.mutableHead
        header.write(to: &head)
        var sum = InternetChecksum.pseudoHeader(
            source: packet.destination, destination: packet.source, proto: .tcp,
            length: UInt32(TCPHeader.byteCount))
        sum.add(answer.head)
        head = answer.mutableHead
        head.write(sum.value, at: TCPHeader.checksumOffset)
        prependNetworkHeader(to: &answer, answering: packet, .tcp)
        return answer
    }

    /// The ICMP error, which quotes as much as its family allows (RFC 1812 §4.3.2.3, RFC 4443 §2.4).
    private static func prohibition(
        _ offending: borrowing Packet, _ packet: TrackedPacket, _ headroom: Int,
        _ pools: BufferPools
    ) -> Packet? {
        let isIPv4 = packet.source.isIPv4
        let room = isIPv4 ? 576 - 20 - ICMPHeader.byteCount : 1280 - 40 - ICMPHeader.byteCount
        let headers = headroom &+ IPv6Header.byteCount &+ ICMPHeader.byteCount
        guard var answer = pools.frame(headroom: headers) else { return nil }
        answer.extend(min(packet.byteCount, room))
        var quote = answer.mutableHead
        _ = offending.copy(from: headroom, into: &quote)
        answer.prepend(ICMPHeader.byteCount)
        var head = answer.mutableHead
        if isIPv4 {
            ICMPHeader.destinationUnreachable(.communicationProhibited).write(toMessage: &head)
        } else {
            ICMPv6Header.destinationUnreachable(.prohibited).write(
                toMessage: &head, source: packet.destination.v6, destination: packet.source.v6)
        }
        prependNetworkHeader(to: &answer, answering: packet, isIPv4 ? .icmp : .icmpv6)
        return answer
    }

    private static func prependNetworkHeader(
        to answer: inout Packet, answering packet: TrackedPacket, _ proto: IPProtocol
    ) {
        let payloadCount = answer.count
        if let source = packet.destination.v4, let destination = packet.source.v4 {
            answer.prepend(IPv4Header.byteCount)
            var head = answer.mutableHead
            IPv4Header(
                totalCount: UInt16(truncatingIfNeeded: IPv4Header.byteCount &+ payloadCount),
                dontFragment: proto == .tcp, proto: proto, source: source,
                destination: destination
            ).write(to: &head)
        } else {
            answer.prepend(IPv6Header.byteCount)
            var head = answer.mutableHead
            IPv6Header(
                payloadCount: UInt16(truncatingIfNeeded: payloadCount), nextHeader: proto,
                source: packet.destination.v6, destination: packet.source.v6
            ).write(to: &head)
        }
    }
}
