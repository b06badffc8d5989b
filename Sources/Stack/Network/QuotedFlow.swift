import Memory
import Wire

/// The flow of a packet of ours that somebody quotes: its IP header and eight bytes more.
struct QuotedFlow {
    let proto: IPProtocol
    var local: SocketAddress
    var remote: SocketAddress
    let sequence: SequenceNumber

    /// Nil when the quote is too short to tell.
    init?(_ bytes: Span<UInt8>) {
        do throws(WireError) {
            let quote: TransportQuote
            let (source, destination): (IPAddress, IPAddress)
            if bytes.count > 0, bytes[0] >> 4 == 6 {
                let packet = try IPv6Packet(quoted: bytes)
                proto = packet.nextHeader
                (source, destination) = (IPAddress(packet.source), IPAddress(packet.destination))
                quote = try TransportQuote(packet.payload)
            } else {
                let packet = try IPv4Packet(quoted: bytes)
                proto = packet.proto
                (source, destination) = (IPAddress(packet.source), IPAddress(packet.destination))
                quote = try TransportQuote(packet.payload)
            }
            sequence = quote.sequence
            local = SocketAddress(address: source, port: quote.sourcePort)
            remote = SocketAddress(address: destination, port: quote.destinationPort)
        } catch {
            return nil
        }
    }
}
