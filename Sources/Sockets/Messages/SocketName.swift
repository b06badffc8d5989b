import Stack
import Wire

/// What a socket is called: POSIX `sockaddr`, of any family.
public enum SocketName: Hashable, Sendable {
    /// `AF_INET`, `AF_INET6`.
    case internet(SocketAddress)
    /// `AF_UNIX`; nil for a socket without a name.
    case local(LocalName?)
    /// `AF_PACKET`.
    case packet(PacketAddress)
    /// `AF_NETLINK`.
    case netlink(port: UInt32, groups: UInt32)
    /// `AF_UNSPEC`: ends what `connect` began.
    case unspecified

    /// The address, where it is one of the Internet.
    public var address: SocketAddress? {
        if case .internet(let address) = self { address } else { nil }
    }
}
