import Wire

/// An error that a packet of ours met, as a router or host reported it or as we found ourselves.
struct TransportError: Sendable {
    enum Kind: Sendable {
        case networkUnreachable
        case hostUnreachable
        case protocolUnreachable
        case portUnreachable
        case prohibited
        /// Prohibited too, as IPv6 has it: Linux gives it another error number.
        case accessDenied
        case timeExceeded
        case parameterProblem
        /// The next hop's MTU, in bytes.
        case packetTooBig(Int)
    }

    var kind: Kind
    var proto: IPProtocol
    /// Our end, and the one that the packet was meant for.
    var local: SocketAddress
    var remote: SocketAddress
    /// The sequence number of the TCP segment that met it; of other protocols the same bytes.
    var sequence: SequenceNumber
    /// Who reported it; nil when this host found out itself.
    var reporter: IPAddress?
    /// Type and code of the ICMP message, 0 and 0 without one.
    var type: UInt8 = 0
    var code: UInt8 = 0
    /// What was quoted of the packet behind its IP header; of TCP nothing.
    var quoted: [UInt8] = []
}
