import Memory
import Wire

/// Which packets an interface takes for its owner to decide on: the stack's side of a proxy that
/// stands in for everybody beyond it, as `IP_TRANSPARENT` and TPROXY make one on Linux.
///
/// Where it is on, every packet for one host that comes in and is not spared stays here, whoever it
/// is for. Of TCP a SYN becomes a `StreamRequest`, and nothing is answered before the owner does; of
/// UDP what no endpoint with exactly that name takes is queued for `nextForeignDatagram`, and echo
/// requests for `nextForeignEcho`. The rest is refused as administratively prohibited.
public struct Transparency: Equatable, Sendable {
    public var isOn = false
    /// Addresses of the host at which its own endpoints answer, as on any interface.
    public var spared: [IPAddress] = []

    public init(isOn: Bool = false, sparing spared: [IPAddress] = []) {
        self.isOn = isOn
        self.spared = spared
    }
}

/// What becomes of packets whose sender is told that nothing came of them.
public enum Refusal: Hashable, Sendable {
    /// A reset, of TCP; of other protocols as `portUnreachable`.
    case reset
    /// `ENETUNREACH` for the sender.
    case networkUnreachable
    /// `EHOSTUNREACH`.
    case hostUnreachable
    /// `ECONNREFUSED`.
    case portUnreachable
    /// Nothing takes the protocol.
    case protocolUnreachable
    /// Administratively prohibited (RFC 1812 §5.2.7.1, RFC 4443 §3.1).
    case prohibited
    /// The hops were used up on the way.
    case timeExceeded
    /// A link on the way carries packets of so many bytes only.
    case packetTooBig(Int)
    /// No answer.
    case silence

    var problem: PacketProblem? {
        switch self {
        case .reset, .portUnreachable: .portUnreachable
        case .networkUnreachable: .networkUnreachable
        case .hostUnreachable: .hostUnreachable
        case .protocolUnreachable: .protocolUnreachable(offset: 0)
        case .prohibited: .prohibited
        case .timeExceeded: .hopLimitExceeded
        case .packetTooBig(let mtu): .packetTooBig(mtu)
        case .silence: nil
        }
    }
}

/// What waits for the owner, besides streams: datagrams and echo requests for others.
struct ForeignTraffic: ~Copyable {
    var datagrams = DatagramInbox()
    var echoes = Ring<ForeignEcho>()

    /// Bytes of memory that datagrams may wait in.
    static var datagramLimit: UInt32 { 4 << 20 }
    static var echoLimit: Int { 64 }
}

extension NetworkLayer {
    /// Whether what comes to `destination` on `id` is for the owner to decide on.
    func intercepts(_ destination: IPAddress, on id: InterfaceID) -> Bool {
        guard interfaces[id.rawValue].configuration.transparency.isOn else { return false }
        let count = interfaces[id.rawValue].configuration.transparency.spared.count
        for index in 0..<count
        where interfaces[id.rawValue].configuration.transparency.spared[index] == destination {
            return false
        }
        return true
    }

    /// Whether `destination` is somebody else's whom an interface stands in for.
    func standsIn(for destination: IPAddress, on id: InterfaceID) -> Bool {
        guard intercepts(destination, on: id) else { return false }
        if destination.isLoopback { return crosses(destination, id) }
        if destination.isMulticast || destination.isUnspecified || destination.isLinkLocal {
            return false
        }
        guard let v4 = destination.v4 else { return !destination.v6.isIPv4Mapped }
        return !v4.isThisNetwork && !v4.isBroadcast
    }

    /// Tells the sender of a packet what became of it, by a quote made of what is known of it.
    ///
    /// - Parameters:
    ///   - transport: The eight bytes behind the IP header, and `payload` what follows them.
    ///   - reporter: Who tells; nil for the destination where it is this host's, else the host.
    mutating func refuse(
        _ problem: PacketProblem, _ proto: IPProtocol, from source: IPAddress,
        to destination: IPAddress, transport: (UInt32, UInt32), quoting payload: [UInt8] = [],
        on id: InterfaceID, by reporter: IPAddress? = nil
    ) {
        guard var packet = pools.frame(headroom: Self.headroom) else {
            counters.count(.noBuffer)
            return
        }
        if let from = source.v4, let to = destination.v4 {
            packet.extend(IPv4Header.byteCount &+ 8)
            var head = packet.mutableHead
            IPv4Header(
                totalCount: UInt16(clamping: IPv4Header.byteCount &+ 8 &+ payload.count),
                timeToLive: timeToLive, proto: proto,
                source: from, destination: to
            ).write(to: &head)
            head.write(transport.0, at: IPv4Header.byteCount)
            head.write(transport.1, at: IPv4Header.byteCount &+ 4)
        } else {
            packet.extend(IPv6Header.byteCount &+ 8)
            var head = packet.mutableHead
            IPv6Header(
                trafficClass: 0, flowLabel: 0, payloadCount: UInt16(clamping: 8 &+ payload.count),
                nextHeader: proto,
                hopLimit: timeToLive, source: source.v6, destination: destination.v6
            ).write(to: &head)
            head.write(transport.0, at: IPv6Header.byteCount)
            head.write(transport.1, at: IPv6Header.byteCount &+ 4)
        }
        packet.append(payload.span.extracting(first: min(payload.count, packet.tailroom)))
        sendError(problem, about: packet, on: id, from: reporter)
    }
}
