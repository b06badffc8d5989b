import Memory
import Wire

@testable import Stack

/// A TCP segment as a script writes it, in the way of tcpdump:
///
///     S. 0 ack 1 win 65535 <mss 1460,sackOK,wscale 5>
///     P. 1+100 ack 1
///     . 1 ack 101 <sack 201-301>
///
/// Flags come first (S, F, R, P, U and `.` for ACK, `-` for none), then the sequence number and,
/// behind a plus, the text's length. Numbers count from the initial ones of their side.
struct Segment {
    var flags: TCPFlags = []
    var sequence: UInt32 = 0
    var textCount = 0
    var acknowledgment: UInt32?
    var window: UInt16?
    var urgentPointer: UInt16?
    /// Nil where a script says nothing of options.
    var options: TCPOptions?

    static let letters: [(flag: TCPFlags, letter: Character)] = [
        (.fin, "F"), (.syn, "S"), (.rst, "R"), (.psh, "P"), (.urg, "U"), (.ack, "."),
    ]
}

// MARK: - Text

extension Segment: CustomStringConvertible {
    /// Reads a line of a script; a line that means nothing is a mistake of the script.
    init(_ line: String) {
        var rest = line[...]
        if let open = rest.firstIndex(of: "<") {
            options = Self.options(rest[rest.index(after: open)...].dropLast())
            rest = rest[..<open]
        }
        var words = rest.split(separator: " ")
        for letter in words.removeFirst() where letter != "-" {
            guard let known = Self.letters.first(where: { $0.letter == letter }) else {
                preconditionFailure("no flag is called \(letter)")
            }
            flags.insert(known.flag)
        }
        let place = words.removeFirst().split(separator: "+")
        sequence = Self.number(place[0])
        if place.count > 1 { textCount = Int(Self.number(place[1])) }
        while words.count >= 2 {
            let value = Self.number(words[1])
            switch words[0] {
            case "ack": acknowledgment = value
            case "win": window = UInt16(value)
            case "urg": urgentPointer = UInt16(value)
            default: preconditionFailure("no field is called \(words[0])")
            }
            words.removeFirst(2)
        }
    }

    /// A number, which may be negative: one before the initial one.
    private static func number(_ text: Substring) -> UInt32 {
        guard let value = Int64(text) else { preconditionFailure("\(text) is no number") }
        return UInt32(truncatingIfNeeded: value)
    }

    private static func options(_ text: Substring) -> TCPOptions {
        var options = TCPOptions()
        for option in text.split(separator: ",") {
            let words = option.split(separator: " ")
            switch words[0] {
            case "mss": options.maximumSegmentSize = UInt16(number(words[1]))
            case "wscale": options.windowScale = UInt8(number(words[1]))
            case "sackOK": options.sackPermitted = true
            case "ts":
                options.timestamps = TCPTimestamps(
                    value: number(words[1]), echo: number(words[2]))
            case "sack":
                for block in words[1...] {
                    let edges = block.split(separator: "-")
                    options.sackBlocks.append(
                        SACKBlock(
                            start: SequenceNumber(number(edges[0])),
                            end: SequenceNumber(number(edges[1]))))
                }
            default: preconditionFailure("no option is called \(words[0])")
            }
        }
        return options
    }

    var description: String {
        var text = flags.isEmpty ? "-" : ""
        for (flag, letter) in Self.letters where flags.contains(flag) { text.append(letter) }
        text += " \(Int32(bitPattern: sequence))"
        if textCount > 0 { text += "+\(textCount)" }
        if let acknowledgment { text += " ack \(Int32(bitPattern: acknowledgment))" }
        if let window { text += " win \(window)" }
        if let urgentPointer { text += " urg \(urgentPointer)" }
        if let options { text += " <\(Self.text(options))>" }
        return text
    }

    private static func text(_ options: TCPOptions) -> String {
        var parts: [String] = []
        if let mss = options.maximumSegmentSize { parts.append("mss \(mss)") }
        if options.sackPermitted { parts.append("sackOK") }
        if let stamps = options.timestamps { parts.append("ts \(stamps.value) \(stamps.echo)") }
        if let scale = options.windowScale { parts.append("wscale \(scale)") }
        if !options.sackBlocks.isEmpty {
            let blocks = (0..<options.sackBlocks.count).map { index in
                let block = options.sackBlocks[index]
                return "\(block.start.rawValue)-\(block.end.rawValue)"
            }
            parts.append("sack " + blocks.joined(separator: " "))
        }
        return parts.joined(separator: ",")
    }

    /// The same segment as far as `other` says something of it.
    func reduced(to other: Segment) -> Segment {
        var segment = self
        if other.window == nil { segment.window = nil }
        if other.urgentPointer == nil { segment.urgentPointer = nil }
        if other.options == nil { segment.options = nil }
        return segment
    }
}

// MARK: - Packets

extension Segment {
    /// What stands in an IP packet with a TCP segment, numbers as they are; nil in any other.
    init?(_ packet: borrowing Packet, networkOffset: Int = 0) {
        do throws(WireError) {
            let bytes = packet.head.extracting(droppingFirst: networkOffset)
            let payload: Span<UInt8>
            let beyond: Int
            if bytes.count > 0, bytes[0] >> 4 == 6 {
                let header = try IPv6Packet(bytes, beyond: packet.countBehindHead)
                guard header.nextHeader == .tcp else { return nil }
                payload = header.payload
                beyond = header.payloadCount - header.payload.count
            } else {
                let header = try IPv4Packet(bytes, beyond: packet.countBehindHead)
                guard header.proto == .tcp else { return nil }
                payload = header.payload
                beyond = header.payloadCount - header.payload.count
            }
            let segment = try TCPSegment(payload, beyond: beyond)
            flags = segment.flags
            sequence = segment.sequence.rawValue
            textCount = segment.payloadCount
            if segment.flags.contains(.ack) { acknowledgment = segment.acknowledgment.rawValue }
            window = segment.window
            if segment.flags.contains(.urg) { urgentPointer = segment.urgentPointer }
            options = TCPOptions(segment.options)
        } catch {
            return nil
        }
    }
}
