import Glibc
import Sockets
import Wire

/// Where a datagram was sent to, as `IP_PKTINFO` and `IPV6_PKTINFO` tell it.
struct PacketInfo {
    /// The address that the datagram was sent to: one of the host's, a group's or everybody's.
    let destination: IPAddress
    /// What has an answer come from there.
    let reply: ControlMessage

    /// Asks for it, from now on.
    static func ask(_ socket: Socket) throws(SocketError) {
        switch socket.family {
        case .inet: try socket.setOption(.receivesPacketInfo, true)
        default: try socket.setOption(.receivesV6PacketInfo, true)
        }
    }

    /// Nil where nothing was told.
    init?(_ control: [ControlMessage]) {
        for message in control {
            var bytes = message.bytes
            switch (message.level, message.type, bytes.count) {
            case (CInt(IPPROTO_IP), IP_PKTINFO, 12):
                // Number of the interface, own address, destination.
                destination = .v4(bytes[8], bytes[9], bytes[10], bytes[11])
                bytes.replaceSubrange(0..<4, with: [0, 0, 0, 0])
            case (CInt(IPPROTO_IPV6), IPV6_PKTINFO, 20):
                // Destination, number of the interface, which those that are local to a link need.
                destination = IPAddress(
                    high: Self.word(bytes[0..<8]), low: Self.word(bytes[8..<16]))
                if !destination.isLinkLocal { bytes.replaceSubrange(16..<20, with: [0, 0, 0, 0]) }
            default: continue
            }
            reply = ControlMessage(level: message.level, type: message.type, bytes: bytes)
            return
        }
        return nil
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
