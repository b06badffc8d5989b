import Wire

/// Who sends a packet to whom: protocol, addresses and ports.
struct PacketEnds: Hashable {
    var proto: IPProtocol
    /// Port 0 where the protocol has none, or where they stand in another fragment.
    var source: SocketAddress
    var destination: SocketAddress

    init(proto: IPProtocol, from source: SocketAddress, to destination: SocketAddress) {
        self.proto = proto
        self.source = source
        self.destination = destination
    }

    /// Nil for frames that carry no IP.
    ///
    /// - Parameter frame: An Ethernet frame, or its first bytes.
    /// - Parameter beyond: How many bytes of it lie elsewhere.
    init?(_ frame: Span<UInt8>, beyond: Int = 0) {
        guard frame.count >= EthernetHeader.byteCount else { return nil }
        let type = frame.uint16(at: EthernetHeader.byteCount - 2)
        let packet = frame.extracting(droppingFirst: EthernetHeader.byteCount)
        do throws(WireError) {
            switch EtherType(rawValue: type) {
            case .ipv4: self.init(try IPv4Packet(packet, beyond: beyond))
            case .ipv6: self.init(try IPv6Packet(packet, beyond: beyond))
            default: return nil
            }
        } catch {
            return nil
        }
    }

    private init(_ packet: borrowing IPv4Packet) {
        let ports =
            packet.fragmentOffset == 0 ? Self.ports(packet.proto, packet.payload) : (0, 0)
        self.init(
            proto: packet.proto,
            from: SocketAddress(address: IPAddress(packet.source), port: ports.0),
            to: SocketAddress(address: IPAddress(packet.destination), port: ports.1))
    }

    private init(_ packet: borrowing IPv6Packet) {
        // Extension headers are looked behind by nobody here: such packets are rare.
        let ports = Self.ports(packet.nextHeader, packet.payload)
        self.init(
            proto: packet.nextHeader,
            from: SocketAddress(address: IPAddress(packet.source), port: ports.0),
            to: SocketAddress(address: IPAddress(packet.destination), port: ports.1))
    }

    private static func ports(_ proto: IPProtocol, _ bytes: Span<UInt8>) -> (UInt16, UInt16) {
        guard proto == .tcp || proto == .udp, bytes.count >= 4 else { return (0, 0) }
        return (bytes.uint16(at: 0), bytes.uint16(at: 2))
    }
}
