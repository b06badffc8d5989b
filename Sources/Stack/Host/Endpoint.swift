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
    /// `AF_NETLINK`: what a program asks of its host.
    case netlink(NetlinkProtocol)

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
        /// A stream that has a port and no more.
        case bound
        case listening(SlabIndex)
        case connection(SlabIndex)
        case datagram(SlabIndex)
        case raw(SlabIndex)
        case packet(SlabIndex)
        case local(SlabIndex)
        case netlink(SlabIndex)
    }

    /// How far `connect` has come with a stream, whatever became of the connection since: Linux's
    /// state of a socket.
    enum Phase: UInt8 {
        case unconnected
        case connecting
        case connected
        /// Shut down before the handshake was over: `connect` is refused from here on.
        case disconnecting
    }

    /// The parts of its name that the application chose: they outlast a connection.
    struct NameParts: OptionSet {
        let rawValue: UInt8
        static let address = NameParts(rawValue: 1 << 0)
        static let port = NameParts(rawValue: 1 << 1)
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
    var phase = Phase.unconnected
    var chosen: NameParts = []
    /// What was shut down while there was no connection to do it to.
    var shut: Shutdown = []
    /// What the next call fails with, where no connection or socket holds it.
    var error: StackError?
    /// The local name of a stream. The port of one that has none any more still shows, as on Linux.
    var name: SocketAddress
    var options = EndpointOptions()
    /// What the application chose for the stream; empty while that is nothing.
    var streamOptions: [StreamOptions] = []

    init(_ kind: EndpointKind, _ family: AddressFamily) {
        self.kind = kind
        self.family = family
        name = SocketAddress(address: family.unspecified, port: 0)
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
