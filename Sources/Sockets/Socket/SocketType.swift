import Glibc
import Stack
import Wire

/// What `socket` is asked for, by its three numbers.
package struct SocketType {
    package let kind: Socket.Kind
    package let family: AddressFamily

    /// - Throws: `EAFNOSUPPORT`, `ESOCKTNOSUPPORT`, `EPROTONOSUPPORT`, `EINVAL`.
    package init(_ domain: CInt, _ type: CInt, _ number: CInt) throws(SocketError) {
        guard domain >= 0, domain < 46 else { throw SocketError(EAFNOSUPPORT, in: "socket") }
        // SOCK_STREAM to SOCK_PACKET.
        guard (1...6).contains(type) || type == 10 || type == 0 else {
            throw SocketError(EINVAL, in: "socket")
        }
        switch domain {
        case AF_INET, AF_INET6:
            family = domain == AF_INET ? .inet : .inet6
            kind = try Self.internet(domain, type, number)
        case AF_UNIX:
            family = .inet
            kind = try Self.local(type, number)
        case AF_PACKET:
            family = .inet
            kind = try Self.packet(type)
        case AF_NETLINK:
            family = .inet
            kind = try Self.netlink(type, number)
        default: throw SocketError(EAFNOSUPPORT, in: "socket")
        }
    }

    private static var stream: CInt { 1 }
    private static var datagram: CInt { 2 }
    private static var raw: CInt { 3 }
    private static var sequencedPacket: CInt { 5 }

    private static func internet(
        _ domain: CInt, _ type: CInt, _ number: CInt
    ) throws(SocketError) -> Socket.Kind {
        guard (0..<263).contains(number) else { throw SocketError(EINVAL, in: "socket") }
        let icmp: CInt = domain == AF_INET ? 1 : 58
        switch (type, number) {
        case (stream, 0), (stream, 6): return .stream
        case (datagram, 0), (datagram, 17): return .datagram
        case (datagram, icmp): return .icmp
        case (raw, 1...255): return .raw(IPProtocol(rawValue: UInt8(number)))
        case (stream, _), (datagram, _), (raw, _):
            throw SocketError(EPROTONOSUPPORT, in: "socket")
        default: throw SocketError(ESOCKTNOSUPPORT, in: "socket")
        }
    }

    private static func local(
        _ type: CInt, _ number: CInt
    ) throws(SocketError) -> Socket.Kind {
        guard number == 0 || number == AF_UNIX else {
            throw SocketError(EPROTONOSUPPORT, in: "socket")
        }
        switch type {
        case stream: return .local(.stream)
        // Of a raw one Linux makes one of datagrams.
        case datagram, raw: return .local(.datagram)
        case sequencedPacket: return .local(.sequencedPacket)
        default: throw SocketError(ESOCKTNOSUPPORT, in: "socket")
        }
    }

    private static func netlink(
        _ type: CInt, _ number: CInt
    ) throws(SocketError) -> Socket.Kind {
        guard type == raw || type == datagram else {
            throw SocketError(ESOCKTNOSUPPORT, in: "socket")
        }
        guard let proto = UInt8(exactly: number).flatMap(NetlinkProtocol.init) else {
            throw SocketError(EPROTONOSUPPORT, in: "socket")
        }
        return .netlink(proto)
    }

    private static func packet(_ type: CInt) throws(SocketError) -> Socket.Kind {
        switch type {
        case raw: return .packet(.frame)
        case datagram: return .packet(.payload)
        default: throw SocketError(ESOCKTNOSUPPORT, in: "socket")
        }
    }

    package func open(on network: Network) throws(SocketError) -> Socket {
        try Socket(kind, family: family, on: network)
    }

    package func openPair(on network: Network) throws(SocketError) -> (Socket, Socket) {
        guard case .local(let type) = kind, let host = network.host else {
            throw SocketError(EOPNOTSUPP, in: "socketpair")
        }
        return Socket.pair(type, on: host)
    }
}
