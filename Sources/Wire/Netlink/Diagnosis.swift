import Memory

/// A question for the sockets of the Internet: `struct inet_diag_req_v2`, sock_diag(7).
public struct DiagnosisRequest: Equatable, Sendable {
    public static var byteCount: Int { 56 }

    public var family: UInt8 = 0
    public var proto: IPProtocol = .tcp
    /// Attributes that are wanted, as bits: that of `DiagnosisAttribute` n is n − 1.
    public var extensions: UInt8 = 0
    /// States that are wanted, as bits: that of Linux's `TCP_…` n is n.
    public var states: UInt32 = 0
    public var localPort: UInt16 = 0
    public var remotePort: UInt16 = 0
    public var local = IPAddress.unspecifiedV4
    public var remote = IPAddress.unspecifiedV4
    public var interface: UInt32 = 0

    public init() {}

    /// - Throws: `.truncated`.
    public init(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= Self.byteCount else { throw .truncated }
        family = bytes[0]
        proto = IPProtocol(rawValue: bytes[1])
        extensions = bytes[2]
        states = bytes.littleUInt32(at: 4)
        localPort = bytes.uint16(at: 8)
        remotePort = bytes.uint16(at: 10)
        let count = family == NetlinkFamily.inet6 ? 16 : 4
        local =
            NetlinkFamily.address(bytes.extracting(12..<12 &+ count)) ?? .unspecifiedV4
        remote =
            NetlinkFamily.address(bytes.extracting(28..<28 &+ count)) ?? .unspecifiedV4
        interface = bytes.littleUInt32(at: 44)
    }
}

/// What is told of a socket: `struct inet_diag_msg`, sock_diag(7).
public struct DiagnosisAnswer: Equatable, Sendable {
    public static var byteCount: Int { 72 }

    public var family: UInt8 = 0
    /// Linux's `TCP_…`
    public var state: UInt8 = 0
    /// Which timer runs: 1 for retransmission, 2 for keep-alive, 3 for TIME-WAIT, 4 for probes.
    public var timer: UInt8 = 0
    public var retransmissions: UInt8 = 0
    public var localPort: UInt16 = 0
    public var remotePort: UInt16 = 0
    public var local = IPAddress.unspecifiedV4
    public var remote = IPAddress.unspecifiedV4
    public var interface: UInt32 = 0
    public var cookie: UInt64 = 0
    /// Until the timer is due, in milliseconds.
    public var expires: UInt32 = 0
    public var receiveQueue: UInt32 = 0
    public var sendQueue: UInt32 = 0
    public var user: UInt32 = 0
    public var inode: UInt32 = 0

    public init() {}

    /// - Throws: `.truncated`.
    public init(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= Self.byteCount else { throw .truncated }
        family = bytes[0]
        state = bytes[1]
        timer = bytes[2]
        retransmissions = bytes[3]
        localPort = bytes.uint16(at: 4)
        remotePort = bytes.uint16(at: 6)
        let count = family == NetlinkFamily.inet6 ? 16 : 4
        local = NetlinkFamily.address(bytes.extracting(8..<8 &+ count)) ?? .unspecifiedV4
        remote = NetlinkFamily.address(bytes.extracting(24..<24 &+ count)) ?? .unspecifiedV4
        interface = bytes.littleUInt32(at: 40)
        cookie = bytes.littleUInt64(at: 44)
        expires = bytes.littleUInt32(at: 52)
        receiveQueue = bytes.littleUInt32(at: 56)
        sendQueue = bytes.littleUInt32(at: 60)
        user = bytes.littleUInt32(at: 64)
        inode = bytes.littleUInt32(at: 68)
    }

    public func write(to writer: inout NetlinkWriter) {
        writer.append(family)
        writer.append(state)
        writer.append(timer)
        writer.append(retransmissions)
        writer.append(bigEndian: localPort)
        writer.append(bigEndian: remotePort)
        append(local, to: &writer)
        append(remote, to: &writer)
        writer.append(interface)
        writer.append(cookie)
        writer.append(expires)
        writer.append(receiveQueue)
        writer.append(sendQueue)
        writer.append(user)
        writer.append(inode)
    }

    /// 16 bytes: an address of IPv4 with zeros behind it, or mapped where the socket is of IPv6.
    private func append(_ address: IPAddress, to writer: inout NetlinkWriter) {
        if family == NetlinkFamily.inet {
            writer.append(address.isIPv4 ? address : .unspecifiedV4)
            writer.append(zeros: 12)
        } else {
            writer.append(bigEndian: address.high)
            writer.append(bigEndian: address.low)
        }
    }
}

/// Attributes of answers about sockets (`INET_DIAG_…`).
public enum DiagnosisAttribute {
    /// `struct inet_diag_meminfo`.
    public static var memory: UInt16 { 1 }
    /// `struct tcp_info`.
    public static var information: UInt16 { 2 }
    public static var congestion: UInt16 { 4 }
    public static var shutdown: UInt16 { 8 }
    /// Of requests: which sockets are meant, as a program (`INET_DIAG_REQ_BYTECODE`).
    public static var filter: UInt16 { 1 }
}
