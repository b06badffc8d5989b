import Memory
import Wire

/// The name of a flow as the packets of one direction bear it: addresses, protocol and ports.
///
/// An exchange of ICMP queries and replies is a flow too: the identifier stands for the port of
/// whoever asks, and the type says whose side a message comes from (RFC 5508 §3.1).
public struct FlowTuple: Hashable, Sendable {
    public var source: IPAddress
    public var destination: IPAddress
    public var proto: IPProtocol
    /// 0 where the protocol has no ports.
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    /// Of ICMP only, else 0.
    public var messageType: UInt8

    public init(
        source: IPAddress, destination: IPAddress, proto: IPProtocol, sourcePort: UInt16 = 0,
        destinationPort: UInt16 = 0, messageType: UInt8 = 0
    ) {
        self.source = source
        self.destination = destination
        self.proto = proto
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.messageType = messageType
    }

    /// The name that packets of the other direction bear.
    public var reversed: FlowTuple {
        FlowTuple(
            source: destination, destination: source, proto: proto, sourcePort: destinationPort,
            destinationPort: sourcePort, messageType: answeringType)
    }

    public var from: SocketAddress { SocketAddress(address: source, port: sourcePort) }
    public var to: SocketAddress { SocketAddress(address: destination, port: destinationPort) }

    /// Whether packets name ports.
    public var hasPorts: Bool { Self.hasPorts(proto) }

    /// Whether `proto` begins with two ports: TCP, UDP, DCCP, SCTP and UDP-Lite.
    static func hasPorts(_ proto: IPProtocol) -> Bool {
        switch proto {
        case .tcp, .udp, .dccp, .sctp: true
        default: proto.rawValue == 136
        }
    }

    /// Which type of message answers this one; itself where none does.
    private var answeringType: UInt8 {
        switch (proto, messageType) {
        case (.icmp, 8): 0
        case (.icmp, 0): 8
        // Timestamps, information and masks of addresses (RFC 792, RFC 950).
        case (.icmp, 13), (.icmp, 15), (.icmp, 17): messageType &+ 1
        case (.icmp, 14), (.icmp, 16), (.icmp, 18): messageType &- 1
        case (.icmpv6, 128): 129
        case (.icmpv6, 129): 128
        default: messageType
        }
    }

    /// Where it stands in a table.
    func place(_ hash: KeyedHash) -> UInt64 {
        let ports = UInt64(sourcePort) << 16 | UInt64(destinationPort)
        let kind = UInt64(proto.rawValue) << 8 | UInt64(messageType)
        return hash.place(
            source.high, source.low, destination.high, destination.low, kind << 32 | ports)
    }
}

extension FlowTuple: CustomStringConvertible {
    /// Protocol and both ends: `tcp 10.0.2.15:40000 > 192.0.2.1:80`.
    public var description: String {
        let name = ProtocolName.name(of: proto)
        guard hasPorts else {
            let type = messageType == 0 && proto != .icmp ? "" : " type \(messageType)"
            return "\(name) \(source) > \(destination)\(type)"
        }
        return "\(name) \(from) > \(to)"
    }
}
