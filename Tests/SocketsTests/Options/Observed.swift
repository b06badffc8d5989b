import Sockets
import Stack
import Testing
import Wire

/// Two hosts on a wire, and a socket of the link at the right one that sees what the left one sends.
struct Observed {
    let net: Wired
    private let observer: Socket

    /// - Parameter filter: What is seen, in libpcap's language.
    init(_ filter: String, type: EtherType = .ipv4) throws {
        net = try Wired(segments: false, inet6: true)
        observer = Socket(.packet(.payload), on: net.right)
        try observer.attachFilter(PacketFilter(filter, on: .rawIP))
        try observer.bind(
            to: PacketAddress(interface: InterfaceID(rawValue: 1), etherType: type))
        observer.receiveTimeout = .seconds(10)
    }

    /// The next packet that was seen, from its IP header on.
    func next() throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 2000)
        var buffer = bytes.mutableSpan
        let count = try observer.receiveFrame(into: &buffer).count
        return Array(bytes[..<count])
    }

    /// Whether another packet was seen.
    var hasMore: Bool {
        get throws { try observer.readiness.contains(.readable) }
    }

    func end() { net.end() }

    static let port: UInt16 = 4000
    static let there = Wired.address(2, port)
    static let there6 = Wired.address6(2, port)
}

/// A datagram and what came with it.
func receive(_ socket: Socket, _ flags: MessageFlags = []) throws(SocketError) -> ReceivedMessage {
    var bytes = [UInt8](repeating: 0, count: 2000)
    var buffer = bytes.mutableSpan
    return try socket.receiveMessage(into: &buffer, flags: flags)
}

extension ReceivedMessage {
    /// The bytes of a control message; nil when there was none.
    func control(_ level: Int32, _ type: Int32) -> [UInt8]? {
        control.first { $0.level == level && $0.type == type }?.bytes
    }
}
