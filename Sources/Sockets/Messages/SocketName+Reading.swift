import Glibc
import Stack

/// What a name is handed over for: each call has rules of its own for what is no name.
package enum NameUse: String {
    case bind, connect
    case send = "sendto"
}

extension SocketName {
    /// The name in a `sockaddr` that a call hands over for `socket`.
    ///
    /// - Throws: `EINVAL` for lengths that no name has, `EAFNOSUPPORT` or `EINVAL` for one of
    ///   another family than the socket's.
    package static func read(
        _ bytes: Span<UInt8>, of socket: Socket, for use: NameUse
    ) throws(SocketError) -> SocketName {
        try NameReader(kind: socket.kind, family: socket.family, use: use).read(bytes)
    }
}

/// Reads names as Linux does for sockets of one kind.
private struct NameReader {
    let kind: Socket.Kind
    let family: AddressFamily
    let use: NameUse

    func read(_ bytes: Span<UInt8>) throws(SocketError) -> SocketName {
        let named = bytes.count < 2 ? nil : CInt(UInt16(bytes[0]) | UInt16(bytes[1]) << 8)
        if use == .connect {
            guard let named else { throw SocketError(EINVAL, in: "connect") }
            if named == AF_UNSPEC { return .unspecified }
        }
        switch kind {
        case .stream, .datagram, .raw, .icmp: return try readInternet(bytes, named)
        case .local:
            guard named == AF_UNIX else { throw SocketError(EINVAL, in: use.rawValue) }
            return try decode(bytes)
        default: return try decode(bytes)
        }
    }

    private func readInternet(
        _ bytes: Span<UInt8>, _ named: CInt?
    ) throws(SocketError) -> SocketName {
        // Datagram sockets of IPv6 take plain names of IPv4 too.
        let takesIPv4 = family == .inet || (named == AF_INET && kind == .datagram && use != .bind)
        // In IPv6 it stands for the connected peer.
        if family == .inet6, named == AF_UNSPEC, use == .send { return .unspecified }
        guard bytes.count >= (takesIPv4 ? 16 : 24) else {
            throw SocketError(EINVAL, in: use.rawValue)
        }
        let own = takesIPv4 ? AF_INET : AF_INET6
        if named == own { return try decode(bytes) }
        if named == AF_UNSPEC, family == .inet, isAnyFamily(bytes) {
            // Programs that leave the family out mean IPv4.
            return try decode([2, 0] + (2..<bytes.count).map { bytes[$0] })
        }
        // `sendto` of IPv6 has a word of its own.
        let isInvalid = family == .inet6 && use == .send
        throw SocketError(isInvalid ? EINVAL : EAFNOSUPPORT, in: use.rawValue)
    }

    /// Whether a name of IPv4 may lack its family: the wildcard's in `bind`, any in `sendto`.
    private func isAnyFamily(_ bytes: Span<UInt8>) -> Bool {
        use == .send || (4..<8).allSatisfy { bytes[$0] == 0 }
    }

    private func decode(_ bytes: [UInt8]) throws(SocketError) -> SocketName {
        try decode(bytes.span)
    }

    private func decode(_ bytes: Span<UInt8>) throws(SocketError) -> SocketName {
        do throws(SocketError) {
            return try SocketName(bytes: bytes)
        } catch {
            throw SocketError(error.code, in: use.rawValue)
        }
    }
}
