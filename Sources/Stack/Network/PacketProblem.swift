import Wire

/// Why a packet came to nothing, as its sender is told by ICMP (RFC 792, RFC 4443).
enum PacketProblem {
    case networkUnreachable
    case hostUnreachable
    case portUnreachable
    /// Nothing takes the protocol that stands at this byte of the packet.
    case protocolUnreachable(offset: Int)
    /// The source means nothing where the packet was to go (RFC 4443 §3.1).
    case beyondScope
    case hopLimitExceeded
    /// Somebody does not want it to pass.
    case prohibited
    case reassemblyTimeExceeded
    /// The next link carries only so many bytes.
    case packetTooBig(Int)
    /// The byte at this offset of an IPv4 header makes no sense.
    case parameter(offset: Int)
    /// The headers of an IPv6 packet make no sense.
    case headers(IPv6ParameterProblem)
    /// There is a better first hop. Of IPv4; in IPv6 neighbour discovery tells.
    case redirect(IPv4Address)

    /// The message to an IPv4 sender; nil where there is none.
    var icmp: ICMPHeader? {
        switch self {
        case .networkUnreachable: .destinationUnreachable(.network)
        case .hostUnreachable: .destinationUnreachable(.host)
        case .portUnreachable: .destinationUnreachable(.port)
        case .protocolUnreachable: .destinationUnreachable(.proto)
        case .beyondScope: .destinationUnreachable(.network)
        case .hopLimitExceeded: .timeExceeded(.timeToLive)
        case .prohibited: .destinationUnreachable(.communicationProhibited)
        case .reassemblyTimeExceeded: .timeExceeded(.reassembly)
        case .packetTooBig(let mtu):
            .destinationUnreachable(.fragmentationNeeded, nextHopMTU: UInt16(clamping: mtu))
        case .parameter(let offset): .parameterProblem(pointer: UInt8(clamping: offset))
        case .headers: nil
        case .redirect(let gateway):
            // Code 1: for this host (RFC 1812 §5.2.7.2).
            ICMPHeader(type: .redirect, code: 1, rest: gateway.rawValue)
        }
    }

    /// The message to an IPv6 sender; nil where there is none.
    var icmpv6: ICMPv6Header? {
        switch self {
        case .networkUnreachable: .destinationUnreachable(.noRoute)
        case .hostUnreachable: .destinationUnreachable(.address)
        case .portUnreachable: .destinationUnreachable(.port)
        case .protocolUnreachable(let offset):
            .parameterProblem(.unknownNextHeader, pointer: UInt32(truncatingIfNeeded: offset))
        case .beyondScope: .destinationUnreachable(.beyondScope)
        case .hopLimitExceeded: .timeExceeded(.hopLimit)
        case .prohibited: .destinationUnreachable(.prohibited)
        case .reassemblyTimeExceeded: .timeExceeded(.reassembly)
        case .packetTooBig(let mtu): .packetTooBig(mtu: UInt32(truncatingIfNeeded: mtu))
        case .headers(let problem):
            .parameterProblem(problem.code, pointer: UInt32(truncatingIfNeeded: problem.pointer))
        case .parameter: nil
        case .redirect: nil
        }
    }

    /// Whether even a packet to a group is answered so: then its sender could not learn otherwise
    /// (RFC 4443 §2.4 (e.3)).
    var answersGroups: Bool {
        switch self {
        case .packetTooBig: true
        case .headers(let problem): problem.answersMulticast
        default: false
        }
    }
}
