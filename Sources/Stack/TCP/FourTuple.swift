import Memory
import Wire

/// The name of a connection: both ends (RFC 9293 §3.4), and the link where they are only unique on
/// one.
struct FourTuple: Equatable, Sendable {
    var localAddress: IPAddress
    var remoteAddress: IPAddress
    var localPort: UInt16
    var remotePort: UInt16
    /// The zone of a link-local peer (RFC 4007 §6), or of the link that loopback addresses cross,
    /// where the same names mean another connection; else 0.
    var zone: UInt16

    /// - Parameter remote: With the zone that the connection is to have, where it is to have one.
    init(local: SocketAddress, remote: SocketAddress) {
        localAddress = local.address
        remoteAddress = remote.address
        localPort = local.port
        remotePort = remote.port
        let isOnLink =
            remote.address.needsZone || remote.address.isLoopback || local.address.isLoopback
        zone = isOnLink ? remote.zone : 0
    }

    var local: SocketAddress {
        SocketAddress(
            address: localAddress, port: localPort, zone: localAddress.needsZone ? zone : 0)
    }
    var remote: SocketAddress {
        SocketAddress(
            address: remoteAddress, port: remotePort, zone: remoteAddress.needsZone ? zone : 0)
    }

    private var ports: UInt64 {
        UInt64(zone) << 32 | UInt64(localPort) << 16 | UInt64(remotePort)
    }

    /// Where it stands in a table.
    func place(_ hash: KeyedHash) -> UInt64 {
        hash.place(
            localAddress.high, localAddress.low, remoteAddress.high, remoteAddress.low, ports)
    }

    /// What an outsider cannot compute of it.
    func secret(_ hash: KeyedHash) -> UInt64 {
        hash.secret(
            localAddress.high, localAddress.low, remoteAddress.high, remoteAddress.low, ports)
    }

    /// Bytes of the IP and TCP headers without options: what the MTU has to carry besides text.
    var headerCount: Int { localAddress.isIPv4 ? 40 : 60 }

    /// What a peer takes that does not say (RFC 9293 §3.7.1, MUST-15).
    var defaultSegmentSize: UInt16 { localAddress.isIPv4 ? 536 : 1220 }

    /// The link that packets must use; nil where the route decides.
    var link: InterfaceID? { zone == 0 ? nil : InterfaceID(rawValue: Int(zone) &- 1) }
}

extension IPAddress {
    /// Whether the address is one of IPv6 that is unique only on its link.
    var needsZone: Bool { high >> 54 == 0x3FA }
}
