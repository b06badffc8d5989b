import Memory
import Wire

/// The flow of a packet of ours that somebody quotes: its IP header and eight bytes more.
struct QuotedFlow {
    let proto: IPProtocol
    var local: SocketAddress
    var remote: SocketAddress
    let sequence: SequenceNumber
    /// The length that the packet says it had, in bytes.
    let packetCount: Int
    /// What stands behind the IP header; of TCP nothing, whose segments nobody is shown.
    let transport: [UInt8]

    /// Nil when the quote is too short to tell, or of a later fragment.
    init?(_ bytes: Span<UInt8>) {
        do throws(WireError) {
            let quote: TransportQuote
            let (source, destination): (IPAddress, IPAddress)
            if bytes.count > 0, bytes[0] >> 4 == 6 {
                let packet = try IPv6Packet(quoted: bytes)
                var cursor = IPv6ExtensionCursor(packet)
                while try cursor.next() != nil {}
                guard !cursor.isInsideDatagram else { return nil }
                proto = cursor.proto
                (source, destination) = (IPAddress(packet.source), IPAddress(packet.destination))
                let rest = bytes.extracting(droppingFirst: cursor.offset)
                quote = try TransportQuote(rest)
                transport = Self.copy(rest, proto)
                packetCount = packet.totalCount
            } else {
                let packet = try IPv4Packet(quoted: bytes)
                guard packet.fragmentOffset == 0 else { return nil }
                proto = packet.proto
                (source, destination) = (IPAddress(packet.source), IPAddress(packet.destination))
                quote = try TransportQuote(packet.payload)
                transport = Self.copy(packet.payload, proto)
                packetCount = packet.totalCount
            }
            sequence = quote.sequence
            local = SocketAddress(address: source, port: quote.sourcePort)
            remote = SocketAddress(address: destination, port: quote.destinationPort)
        } catch {
            return nil
        }
    }

    private static func copy(_ bytes: Span<UInt8>, _ proto: IPProtocol) -> [UInt8] {
        guard proto != .tcp else { return [] }
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count)
        for index in bytes.indices { copy.append(bytes[index]) }
        return copy
    }
}
