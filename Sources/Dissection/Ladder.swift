import Memory
import Wire

/// A TCP conversation between two columns, as textbooks draw it: each segment is an arrow with
/// flags, relative sequence numbers and length, between the states of its ends.
///
///         time  10.7.0.1:40000                                        10.7.0.2:80
///     0.000 ms  SYN-SENT      |--- SYN  seq 0 --------------------->|  SYN-RECEIVED
///    40.112 ms  ESTABLISHED   |<--- SYN ACK  seq 0  ack 1 ----------|  SYN-RECEIVED
///    80.264 ms  ESTABLISHED   |--- ACK  seq 1  ack 1 ---X           |  SYN-RECEIVED
public struct Ladder: Sendable {
    let framing: Framing
    let left: SocketAddress
    let right: SocketAddress
    /// The first sequence number of each end, once it is known.
    private var leftBase: SequenceNumber?
    private var rightBase: SequenceNumber?

    public init(_ framing: Framing, left: SocketAddress, right: SocketAddress) {
        self.framing = framing
        self.left = left
        self.right = right
    }

    /// Columns of text for the time, a state and an arrow.
    private static var timeWidth: Int { 12 }
    private static var stateWidth: Int { 13 }
    private static var arrowWidth: Int { 52 }

    /// The line above the columns: the addresses of both ends.
    public var heading: String {
        let time = Self.padded("time", to: Self.timeWidth, atEnd: false)
        let between = Self.stateWidth &+ Self.arrowWidth &+ 4
        return "\(time)  \(Self.padded(left.description, to: between))\(right.description)"
    }

    /// The line of a segment between the two ends; nil for any other packet.
    ///
    /// - Parameters:
    ///   - bytes: The packet or its first bytes, all headers included.
    ///   - beyond: How many bytes of it lie elsewhere, behind those.
    ///   - nanoseconds: When it was sent, from a start that the caller chose.
    ///   - leftState: What the left end is in afterwards, such as "ESTABLISHED".
    ///   - rightState: What the right end is in afterwards.
    ///   - isLost: Whether it does not arrive.
    public mutating func rung(
        _ bytes: Span<UInt8>, beyond: Int = 0, at nanoseconds: Int64, leftState: String = "",
        rightState: String = "", isLost: Bool = false
    ) -> String? {
        guard let step = Step(bytes, beyond: beyond, framing) else { return nil }
        let isRightward = step.source == left && step.destination == right
        guard isRightward || (step.source == right && step.destination == left)
        else { return nil }
        let arrow = Self.arrow(label(step, isRightward), isRightward, isLost)
        let time = Self.padded(Self.milliseconds(nanoseconds), to: Self.timeWidth, atEnd: false)
        let line = "\(time)  \(Self.padded(leftState, to: Self.stateWidth)) |\(arrow)|"
        return rightState.isEmpty ? line : "\(line)  \(rightState)"
    }

    /// The line of a segment between the two ends; nil for any other packet.
    public mutating func rung(
        _ packet: borrowing Packet, at nanoseconds: Int64, leftState: String = "",
        rightState: String = "", isLost: Bool = false
    ) -> String? {
        rung(
            packet.head, beyond: packet.countBehindHead, at: nanoseconds, leftState: leftState,
            rightState: rightState, isLost: isLost)
    }

    /// Flags and numbers, relative to the first of each end.
    private mutating func label(_ step: Step, _ isRightward: Bool) -> String {
        var mine = isRightward ? leftBase : rightBase
        var theirs = isRightward ? rightBase : leftBase
        // Where the handshake was not seen, numbers count from 1.
        if step.flags.contains(.syn) { mine = step.sequence }
        let first = mine ?? step.sequence - 1
        var label = "\(Self.words(step.flags))  seq \(step.sequence.rawValue &- first.rawValue)"
        if step.flags.contains(.ack) {
            let other = theirs ?? step.acknowledgment - 1
            theirs = other
            label += "  ack \(step.acknowledgment.rawValue &- other.rawValue)"
        }
        if step.payloadCount > 0 { label += "  len \(step.payloadCount)" }
        leftBase = isRightward ? first : theirs
        rightBase = isRightward ? theirs : first
        return label
    }

    private static func words(_ flags: TCPFlags) -> String {
        var words: [String] = []
        if flags.contains(.syn) { words.append("SYN") }
        if flags.contains(.fin) { words.append("FIN") }
        if flags.contains(.rst) { words.append("RST") }
        if flags.contains(.psh) { words.append("PSH") }
        if flags.contains(.ack) { words.append("ACK") }
        if flags.contains(.urg) { words.append("URG") }
        if flags.contains(.ece) { words.append("ECE") }
        if flags.contains(.cwr) { words.append("CWR") }
        var text = words.isEmpty ? "none" : ""
        for word in words { text += text.isEmpty ? word : " \(word)" }
        return text
    }

    /// What stands between the columns. A lost segment's arrow ends in a cross.
    private static func arrow(_ label: String, _ isRightward: Bool, _ isLost: Bool) -> String {
        let text = "--- \(label) ---"
        let gap = isLost ? "          " : ""
        let tip = isLost ? "X" : isRightward ? ">" : "<"
        var shaft = text
        while shaft.utf8.count + gap.utf8.count + 1 < arrowWidth { shaft += "-" }
        return isRightward ? shaft + tip + gap : gap + tip + shaft
    }

    /// "1234.567 ms", cut off to microseconds.
    private static func milliseconds(_ nanoseconds: Int64) -> String {
        let microseconds = nanoseconds / 1_000
        let fraction = Text.decimal(abs(microseconds % 1_000), digits: 3)
        let sign = nanoseconds < 0 && microseconds / 1_000 == 0 ? "-" : ""
        return "\(sign)\(microseconds / 1_000).\(fraction) ms"
    }

    private static func padded(_ text: String, to width: Int, atEnd: Bool = true) -> String {
        var spaces = ""
        while spaces.utf8.count + text.utf8.count < width { spaces += " " }
        return atEnd ? text + spaces : spaces + text
    }
}

/// What a ladder shows of a TCP segment.
private struct Step {
    let source: SocketAddress
    let destination: SocketAddress
    let flags: TCPFlags
    let sequence: SequenceNumber
    let acknowledgment: SequenceNumber
    /// In bytes.
    let payloadCount: Int

    /// Nil when the packet is no unfragmented TCP segment with all headers in `bytes`.
    init?(_ bytes: Span<UInt8>, beyond: Int, _ framing: Framing) {
        do throws(WireError) {
            switch framing {
            case .ip: try self.init(ip: bytes, beyond)
            case .ethernet:
                let frame = try EthernetFrame(bytes, beyond: beyond)
                guard frame.etherType == .ipv4 || frame.etherType == .ipv6 else { return nil }
                try self.init(ip: frame.payload, beyond)
            }
        } catch {
            return nil
        }
    }

    private init(ip bytes: Span<UInt8>, _ beyond: Int) throws(WireError) {
        guard bytes.count > 0 else { throw .truncated }
        if bytes[0] >> 4 == 6 {
            let packet = try IPv6Packet(bytes, beyond: beyond)
            guard packet.nextHeader == .tcp else { throw .unsupported }
            try self.init(
                packet.payload, count: packet.payloadCount, IPAddress(packet.source),
                IPAddress(packet.destination))
        } else {
            let packet = try IPv4Packet(bytes, beyond: beyond)
            guard packet.proto == .tcp, !packet.isFragment else { throw .unsupported }
            try self.init(
                packet.payload, count: packet.payloadCount, IPAddress(packet.source),
                IPAddress(packet.destination))
        }
    }

    private init(
        _ bytes: Span<UInt8>, count: Int, _ source: IPAddress, _ destination: IPAddress
    ) throws(WireError) {
        let segment = try TCPSegment(bytes, beyond: count &- bytes.count)
        self.source = SocketAddress(address: source, port: segment.sourcePort)
        self.destination = SocketAddress(address: destination, port: segment.destinationPort)
        flags = segment.flags
        sequence = segment.sequence
        acknowledgment = segment.acknowledgment
        payloadCount = segment.payloadCount
    }
}
