import Memory
import Wire

/// The name of a connection: both ends (RFC 9293 §3.4).
struct FourTuple: Equatable, Sendable {
    var localAddress: IPAddress
    var remoteAddress: IPAddress
    var localPort: UInt16
    var remotePort: UInt16

    init(local: SocketAddress, remote: SocketAddress) {
        localAddress = local.address
        remoteAddress = remote.address
        localPort = local.port
        remotePort = remote.port
    }

    var local: SocketAddress { SocketAddress(address: localAddress, port: localPort) }
    var remote: SocketAddress { SocketAddress(address: remoteAddress, port: remotePort) }

    private var ports: UInt64 { UInt64(localPort) << 16 | UInt64(remotePort) }

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
}
