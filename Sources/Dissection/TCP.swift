import Memory
import Wire

extension Dissector {
    mutating func appendTCP(
        _ bytes: Span<UInt8>, _ payload: TransportPayload, to line: inout String
    ) throws(Truncation) {
        guard bytes.count >= 4 else {
            line += "\(payload.source.description) > \(payload.destination.description):"
            throw .tcp
        }
        line += payload.ends(bytes.uint16(at: 0), bytes.uint16(at: 2))
        guard bytes.count > 12 else { throw .tcp }
        let headerCount = Int(bytes[12] >> 4) &* 4
        guard headerCount >= TCPHeader.byteCount else {
            let rest = UInt32(truncatingIfNeeded: payload.count &- headerCount)
            line += " tcp \(rest) [bad hdr length \(headerCount) - too short, < 20]"
            return
        }
        guard bytes.count >= TCPHeader.byteCount else { throw .tcp }
        // Options that were cut read as zeros in the view; their printer knows where they end.
        var whole = [UInt8](repeating: 0, count: headerCount)
        var target = whole.mutableSpan
        target.write(bytes.extracting(first: headerCount), at: 0)
        let segment: TCPSegment
        do throws(WireError) {
            segment = try TCPSegment(whole.span)
        } catch {
            throw .tcp
        }
        let isWhole = try appendHeader(segment, bytes, payload, to: &line)
        let payloadCount = payload.count &- headerCount
        guard isWhole, payloadCount > 0, !segment.flags.contains(.rst) else { return }
        let data = bytes.extracting(droppingFirst: headerCount)
        let ports = (segment.sourcePort, segment.destinationPort)
        try appendStream(data, count: payloadCount, ports, to: &line)
    }

    /// Appends everything up to the length; whether the options were well-formed.
    private mutating func appendHeader(
        _ segment: borrowing TCPSegment, _ bytes: Span<UInt8>, _ payload: TransportPayload,
        to line: inout String
    ) throws(Truncation) -> Bool {
        let flags = segment.flags
        line += "Flags [\(Self.letters(flags))]"
        var numbers = Conversations.Shown(
            sequence: segment.sequence.rawValue, acknowledgment: 0, sackBase: 0)
        if flags.contains(.ack) {
            numbers = conversations.show(segment, from: payload.source, to: payload.destination)
        }
        guard segment.headerCount <= payload.count else {
            line += " [bad hdr length \(segment.headerCount) - too long, > \(payload.count)]"
            return false
        }
        let count = payload.count &- segment.headerCount
        if count > 0 || !flags.isDisjoint(with: [.syn, .fin, .rst]) {
            line += ", seq \(numbers.sequence)"
        }
        if count > 0 { line += ":\(numbers.sequence &+ UInt32(truncatingIfNeeded: count))" }
        if flags.contains(.ack) { line += ", ack \(numbers.acknowledgment)" }
        line += ", win \(segment.window)"
        if flags.contains(.urg) { line += ", urg \(segment.urgentPointer)" }
        if segment.headerCount > TCPHeader.byteCount {
            let printer = TCPOptionPrinter(
                count: segment.headerCount &- TCPHeader.byteCount, sackBase: numbers.sackBase)
            let rest = bytes.extracting(droppingFirst: TCPHeader.byteCount)
            guard try printer.append(rest, to: &line) else { return false }
        }
        line += ", length \(count)"
        return true
    }

    /// The flags as letters in tcpdump's order, with a point for ACK.
    static func letters(_ flags: TCPFlags) -> String {
        var letters = ""
        if flags.contains(.fin) { letters += "F" }
        if flags.contains(.syn) { letters += "S" }
        if flags.contains(.rst) { letters += "R" }
        if flags.contains(.psh) { letters += "P" }
        if flags.contains(.ack) { letters += "." }
        if flags.contains(.urg) { letters += "U" }
        if flags.contains(.ece) { letters += "E" }
        if flags.contains(.cwr) { letters += "W" }
        return letters.isEmpty ? "none" : letters
    }

    /// Appends what the payload says where a well-known port tells its protocol.
    private func appendStream(
        _ data: Span<UInt8>, count: Int, _ ports: (UInt16, UInt16), to line: inout String
    ) throws(Truncation) {
        if ports.0 == 53 || ports.1 == 53 {
            try appendDomainOverTCP(data, count: count, to: &line)
        } else if ports.0 == 80 || ports.1 == 80 || ports.0 == 8080 || ports.1 == 8080 {
            line += ": "
            try appendHTTP(data, count: count, to: &line)
        }
    }
}
