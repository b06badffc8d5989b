import Memory

/// The first 8 bytes of a transport header, which every ICMP error quotes (RFC 792): enough to find
/// the socket that sent it.
@frozen
public struct TransportQuote: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 8 }

    public let sourcePort: UInt16
    public let destinationPort: UInt16
    /// Of TCP only.
    public let sequence: SequenceNumber

    /// - Parameter bytes: The payload of the quoted packet.
    /// - Throws: `.truncated` below 8 bytes.
    @inlinable
    public init(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= Self.byteCount else { throw .truncated }
        sequence = SequenceNumber(bytes.uint32(at: TCPField.sequence))
        destinationPort = bytes.uint16(at: TCPField.destinationPort)
        sourcePort = bytes.uint16(at: TCPField.sourcePort)
    }
}
