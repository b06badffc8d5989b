import Memory
import Wire

/// The flows of ICMP messages: whose queries they are, or about whose packets they report.
enum QuotedTuple {
    /// The flow of the packet that an ICMP error quotes; nil for what is no error.
    ///
    /// - Throws: What is wrong with the quote: too short, or of a later fragment.
    static func read(_ message: Span<UInt8>, _ proto: IPProtocol) throws(WireError) -> FlowTuple? {
        if proto == .icmp {
            let error = try ICMPMessage(message)
            guard error.type.isError else { return nil }
            let quoted = try IPv4Packet(quoted: error.payload)
            guard quoted.fragmentOffset == 0 else { throw .unsupported }
            return try tuple(
                TransportPart(
                    source: IPAddress(quoted.source), destination: IPAddress(quoted.destination),
                    proto: quoted.proto, count: 0, offset: 0, byteCount: 0),
                quoted.payload)
        }
        let error = try ICMPv6Message(message)
        guard error.type.isError else { return nil }
        let quoted = try IPv6Packet(quoted: error.payload)
        var cursor = IPv6ExtensionCursor(quoted)
        while try cursor.next() != nil {}
        guard !cursor.isInsideDatagram else { throw .unsupported }
        return try tuple(
            TransportPart(
                source: IPAddress(quoted.source), destination: IPAddress(quoted.destination),
                proto: cursor.proto, count: 0, offset: 0, byteCount: 0),
            error.payload.extracting(droppingFirst: cursor.offset))
    }

    /// The flow of an ICMP message that reports nothing.
    static func query(_ part: TransportPart, _ message: Span<UInt8>) throws(WireError) -> FlowTuple
    {
        let header = try ICMPMessage(message)
        let type = header.type.rawValue
        guard isQuery(type, part.proto) else { return part.tuple(type: type) }
        return asks(type, part.proto)
            ? part.tuple(header.identifier, 0, type: type)
            : part.tuple(0, header.identifier, type: type)
    }

    private static func tuple(
        _ part: TransportPart, _ payload: Span<UInt8>
    ) throws(WireError) -> FlowTuple {
        switch part.proto {
        case .icmp, .icmpv6: return try query(part, payload)
        case _ where FlowTuple.hasPorts(part.proto):
            let ports = try TransportQuote(payload)
            return part.tuple(ports.sourcePort, ports.destinationPort)
        default: return part.tuple()
        }
    }

    /// Whether messages of this type carry an identifier.
    private static func isQuery(_ type: UInt8, _ proto: IPProtocol) -> Bool {
        if proto == .icmpv6 { return type == 128 || type == 129 }
        return type == 0 || type == 8 || type >= 13 && type <= 18
    }

    /// Whether the message is the one that asks.
    private static func asks(_ type: UInt8, _ proto: IPProtocol) -> Bool {
        if proto == .icmpv6 { return type == 128 }
        return type == 8 || type & 1 == 1
    }
}
