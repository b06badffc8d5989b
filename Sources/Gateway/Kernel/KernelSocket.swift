import Devices
import Glibc
import Sockets
import Stack
import Wire

/// The machine's sockets as the gateway makes and names them.
extension SystemSocket {
    /// A socket of the family of `address`.
    static func make(
        _ type: __socket_type, for address: IPAddress, protocol number: CInt = 0
    ) throws(DeviceError) -> SystemSocket {
        try SystemSocket(
            domain: address.isIPv4 ? AF_INET : AF_INET6, type: CInt(type.rawValue),
            protocol: number)
    }

    func setNumber(_ level: CInt, _ name: CInt, _ value: CInt) throws(DeviceError) {
        let bits = UInt32(bitPattern: value)
        let bytes: [UInt8] = (0..<4).map { UInt8(truncatingIfNeeded: bits >> UInt32(8 * $0)) }
        try setOption(level, name, bytes.span)
    }

    /// Keeps the errors that datagrams meet, for `takeErrors`: `IP_RECVERR`.
    func keepErrors(isIPv4: Bool) {
        try? isIPv4 ? setNumber(0, 11, 1) : setNumber(41, 25, 1)
    }

    /// The hops that datagrams may take: `IP_TTL`, `IPV6_UNICAST_HOPS`.
    func setHops(_ hops: UInt8, isIPv4: Bool) {
        try? isIPv4 ? setNumber(0, 2, CInt(hops)) : setNumber(41, 16, CInt(hops))
    }

    /// Small segments leave at once: those inside have waited already.
    func sendAtOnce() { try? setNumber(CInt(IPPROTO_TCP), TCP_NODELAY, 1) }

    func connect(to address: SocketAddress) throws(DeviceError) {
        try connect(to: address.kernelName)
    }

    /// Takes the error that a connect met, 0 for none.
    func takeErrorCode() -> CInt {
        do throws(DeviceError) { return try number(SOL_SOCKET, SO_ERROR) } catch {
            return error.code
        }
    }

    var localAddress: SocketAddress? {
        guard let bytes = try? localName() else { return nil }
        return (try? SocketName(bytes: bytes.span))?.address
    }

    var remoteAddress: SocketAddress? {
        guard let bytes = try? remoteName() else { return nil }
        return (try? SocketName(bytes: bytes.span))?.address
    }
}

extension SocketAddress {
    /// The `sockaddr` of its own family.
    var kernelName: [UInt8] {
        SocketName.internet(self).bytes(for: AddressFamily(of: address))
    }
}

extension Refusal {
    /// What a sender inside is to be told for an error of the machine's.
    init(code: CInt) {
        switch code {
        case ECONNREFUSED, ECONNRESET: self = .reset
        case ENETUNREACH, EADDRNOTAVAIL, EAFNOSUPPORT, EINVAL, ENETDOWN: self = .networkUnreachable
        case EHOSTUNREACH, EHOSTDOWN: self = .hostUnreachable
        case EACCES, EPERM: self = .prohibited
        case ENOPROTOOPT, EPROTO: self = .protocolUnreachable
        // ETIMEDOUT, and no socket to be had: the sender tries again.
        default: self = .silence
        }
    }
}
