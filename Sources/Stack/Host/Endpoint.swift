import Memory
import Wire

/// The name of an endpoint on its host. It outlives the endpoint harmlessly.
@frozen
public struct EndpointID: Hashable, Sendable {
    let index: SlabIndex
    init(_ index: SlabIndex) { self.index = index }
}

/// The kinds of endpoints.
public enum EndpointKind: Hashable, Sendable {
    /// `SOCK_STREAM`: TCP.
    case stream
    /// `SOCK_DGRAM`: UDP.
    case datagram
    /// `SOCK_RAW`: all IP packets of a protocol.
    case raw(IPProtocol)
    /// `SOCK_DGRAM` with `IPPROTO_ICMP` or `IPPROTO_ICMPV6`: echoes under a number of its own.
    case icmp
    /// `AF_PACKET`: frames of an interface or of all.
    case packet(PacketForm)
    /// `AF_UNIX`: between endpoints of the host.
    case local(LocalType)

    /// `SOCK_SEQPACKET` of `AF_UNIX`: records between two endpoints of the host.
    public static var sequencedPacket: EndpointKind { .local(.sequencedPacket) }

    /// What a packet endpoint gives and takes.
    public enum PacketForm: UInt8, Sendable {
        /// Whole frames (`SOCK_RAW`).
        case frame
        /// What a frame carries; its header is made by the host (`SOCK_DGRAM`).
        case payload
    }
}

/// What an application holds: the stack's side of a socket.
struct Endpoint: ~Copyable {
    enum Role {
        case unbound
        case bound(SocketAddress)
        case listening(SlabIndex)
        case connection(SlabIndex)
        case datagram(SlabIndex)
        case raw(SlabIndex)
        case packet(SlabIndex)
        case local(SlabIndex)
    }

    var role = Role.unbound
    let kind: EndpointKind
    let family: AddressFamily
    /// What happened since the host told of it last.
    var events: Readiness = []
    var noDelay = false
    var keepalive = false
    /// Close by reset, and wait for nothing (SO_LINGER with zero).
    var abortsOnClose = false
    var options = EndpointOptions()
    /// What the application chose for the stream; empty while that is nothing.
    var streamOptions: [StreamOptions] = []

    init(_ kind: EndpointKind, _ family: AddressFamily) {
        self.kind = kind
        self.family = family
    }

    /// Whether `::` means IPv4 too.
    var allowsDual: Bool { family == .inet6 && !options.isV6Only }

    /// Refuses addresses that the endpoint cannot speak with.
    ///
    /// - Throws: `.addressFamilyNotSupported`; `.networkUnreachable` for IPv4 at an endpoint that
    ///   is for IPv6 only.
    func checkFamily(of address: IPAddress) throws(StackError) {
        switch family {
        // Raw packets are of one family.
        case .inet6 where kind != .datagram && kind != .stream:
            guard !address.isIPv4 else { throw .addressFamilyNotSupported }
        case .inet: guard address.isIPv4 else { throw .addressFamilyNotSupported }
        case .inet6: guard !options.isV6Only || !address.isIPv4 else { throw .networkUnreachable }
        }
    }
}

/// Ports, and who has them.
extension Host {
    /// Whether the endpoint `id` may bind to `local`.
    func isFree(_ local: SocketAddress, for id: SlabIndex) -> Bool {
        if case .raw(let key) = endpoints[id].role { return raw.isFree(local, for: key) }
        let scope = LocalScope(local.address, allowsDual: endpoints[id].allowsDual)
        if endpoints[id].kind == .datagram {
            return !udp.isTaken(local.port, scope, endpoints[id].options, network.hash)
        }
        for place in 0..<endpoints.placeCount {
            guard let taken = endpoints.index(at: place), endpoints[taken].kind == .stream else {
                continue
            }
            let other: SocketAddress
            switch endpoints[taken].role {
            case .bound(let address): other = address
            case .listening(let key): other = tcp.listeners[key].local
            default: continue
            }
            guard other.port == local.port,
                scope.overlaps(
                    LocalScope(other.address, allowsDual: endpoints[taken].allowsDual))
            else { continue }
            // Two interfaces are two worlds.
            let (one, two) = (endpoints[id].options, endpoints[taken].options)
            if let one = one.boundInterface, let two = two.boundInterface, one != two { continue }
            return false
        }
        return true
    }

    /// A port that is free, from a random start (RFC 6056 §3.3.1); nil when all are taken.
    mutating func ephemeralPort(where isFree: (borrowing Host, UInt16) -> Bool) -> UInt16? {
        let count = UInt32(ephemeralPorts.count)
        let start = network.random.next(below: count)
        for step in 0..<count {
            let offset = UInt16(truncatingIfNeeded: (start + step) % count)
            let port = ephemeralPorts.lowerBound + offset
            if isFree(self, port) { return port }
        }
        return nil
    }
}
