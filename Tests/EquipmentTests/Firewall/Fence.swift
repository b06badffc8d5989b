import Equipment
import Memory
import Stack
import Testing
import Wire

/// A firewall before a host at 10.0.2.15 and fd00:2::15, and packets of all kinds to try it with.
struct Fence: ~Copyable {
    var firewall: Firewall
    var now = Instant.zero
    /// Who owns which local port.
    var programs: [UInt16: String] = [:]
    /// How often somebody asked for a program.
    var questions = 0
    let pools = BufferPools(.init(frames: 64, controls: 64, chunks: 64))

    /// - Parameter rules: Each behind "allow" or "deny".
    init(_ rules: String..., flowLimit: Int = 1024) throws {
        var parsed: [FirewallRule] = []
        for rule in rules {
            let isAllowing = rule.hasPrefix("allow ")
            parsed.append(
                try FirewallRule(
                    String(rule.dropFirst(isAllowing ? 6 : 5)),
                    action: isAllowing ? .allow : .deny))
        }
        firewall = Firewall(parsed, flowLimit: flowLimit, seed: 1, 2)
    }

    /// What becomes of a packet without a link header.
    mutating func judge(_ bytes: [UInt8], _ direction: FlowDirection) throws -> FirewallVerdict {
        let packet = try makePacket(bytes, headCount: min(bytes.count, 1024), from: pools)
        let known = programs
        var asked = 0
        let verdict = firewall.judge(packet, direction, networkOffset: 0, at: now) { flow, way in
            asked += 1
            return known[way == .outgoing ? flow.sourcePort : flow.destinationPort]
        }
        questions += asked
        return verdict
    }

    mutating func passes(_ bytes: [UInt8], _ direction: FlowDirection) throws -> Bool {
        try judge(bytes, direction) == .pass
    }

    /// Whether a packet leaves.
    mutating func out(_ bytes: [UInt8]) throws -> Bool { try passes(bytes, .outgoing) }

    /// Whether a packet comes in.
    mutating func into(_ bytes: [UInt8]) throws -> Bool { try passes(bytes, .incoming) }

    mutating func wait(_ interval: Interval) { now = now + interval }

    /// The bytes that answer a packet, nil where nothing does.
    func answer(to bytes: [UInt8], ethernet: Bool = false) throws -> [UInt8]? {
        let packet = try makePacket(bytes, headCount: min(bytes.count, 1024), from: pools)
        guard
            let answer = Rejection.packet(
                answering: packet, networkOffset: ethernet ? 14 : 0, from: pools)
        else { return nil }
        return EquipmentTests.bytes(of: answer)
    }
}

/// Packets of one end of a conversation.
struct Talk {
    var from: SocketAddress
    var to: SocketAddress

    /// From the host, or its IPv6 address if `to` has one.
    init(_ port: UInt16 = 40_000, to: String) throws {
        self.to = try #require(SocketAddress(to))
        let own = self.to.address.isIPv4 ? "10.0.2.15" : "fd00:2::15"
        from = SocketAddress(address: try #require(IPAddress(own)), port: port)
    }

    /// To a port of the host.
    init(from: String, _ port: UInt16) throws {
        self = try Talk(port, to: from).reversed
    }

    private init(from: SocketAddress, to: SocketAddress) { (self.from, self.to) = (from, to) }

    var reversed: Talk { Talk(from: to, to: from) }

    func tcp(
        _ flags: TCPFlags, sequence: UInt32 = 1000, acknowledgment: UInt32 = 0, text: Int = 0
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 20 + text)
        var span = bytes.mutableSpan
        TCPHeader(
            sourcePort: from.port, destinationPort: to.port, sequence: SequenceNumber(sequence),
            acknowledgment: SequenceNumber(acknowledgment), flags: flags, window: 1000
        ).write(to: &span)
        return packet(.tcp, bytes)
    }

    func udp(_ text: Int = 4) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 8 + text)
        var span = bytes.mutableSpan
        UDPHeader(
            sourcePort: from.port, destinationPort: to.port, length: UInt16(8 + text)
        ).write(to: &span)
        return packet(.udp, bytes)
    }

    /// An ICMP message of either family; the host's port is the identifier.
    func icmp(
        type: UInt8, code: UInt8 = 0, rest: UInt32 = 0, quoting quote: [UInt8] = [],
        hopLimit: UInt8 = 64
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 8 + quote.count)
        var span = bytes.mutableSpan
        ICMPHeader(type: ICMPType(rawValue: type), code: code, rest: rest).write(to: &span)
        span.write(quote.span, at: 8)
        return packet(from.address.isIPv4 ? .icmp : .icmpv6, bytes, hopLimit: hopLimit)
    }

    /// An echo request, or with `reply` the reply.
    func echo(_ identifier: UInt16 = 77, reply: Bool = false) -> [UInt8] {
        let rest = UInt32(identifier) << 16 | 1
        let type: UInt8 = from.address.isIPv4 ? (reply ? 0 : 8) : (reply ? 129 : 128)
        return icmp(type: type, rest: rest)
    }

    /// A packet of any protocol.
    func packet(_ proto: IPProtocol, _ payload: [UInt8], hopLimit: UInt8 = 64) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: from.address.isIPv4 ? 20 : 40)
        var span = header.mutableSpan
        if let source = from.address.v4, let destination = to.address.v4 {
            IPv4Header(
                totalCount: UInt16(20 + payload.count), timeToLive: hopLimit, proto: proto,
                source: source, destination: destination
            ).write(to: &span)
        } else {
            IPv6Header(
                payloadCount: UInt16(payload.count), nextHeader: proto, hopLimit: hopLimit,
                source: from.address.v6, destination: to.address.v6
            ).write(to: &span)
        }
        return header + payload
    }

    /// A part of a datagram: `payload` from `offset` on.
    func fragment(
        _ proto: IPProtocol, _ payload: [UInt8], offset: Int, more: Bool, identification: UInt16
    ) -> [UInt8] {
        guard let source = from.address.v4, let destination = to.address.v4 else {
            var header = [UInt8](repeating: 0, count: 8)
            var span = header.mutableSpan
            IPv6FragmentHeader(
                nextHeader: proto, offset: offset, hasMore: more,
                identification: UInt32(identification)
            ).write(to: &span)
            return packet(.fragment, header + payload)
        }
        var header = [UInt8](repeating: 0, count: 20)
        var span = header.mutableSpan
        IPv4Header(
            totalCount: UInt16(20 + payload.count), identification: identification,
            moreFragments: more, fragmentOffset: offset, proto: proto, source: source,
            destination: destination
        ).write(to: &span)
        return header + payload
    }
}
