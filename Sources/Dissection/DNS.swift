import Memory
import Wire

extension Dissector {
    /// Appends a DNS message in a stream, behind its length (RFC 1035 §4.2.2).
    func appendDomainOverTCP(
        _ bytes: Span<UInt8>, count: Int, to line: inout String
    ) throws(Truncation) {
        guard count >= 2 else {
            line += " [DNS over TCP: length \(count) < 2] (invalid)"
            return
        }
        guard bytes.count >= 2 else { throw .domain }
        let length = Int(bytes.uint16(at: 0))
        guard length == count &- 2 else {
            line += " [prefix length(\(length)) != length(\(count &- 2))] (invalid)"
            return
        }
        line += " "
        try appendDomain(bytes.extracting(droppingFirst: 2), count: length, to: &line)
    }

    /// Appends a summary of a DNS message (RFC 1035 §4).
    func appendDomain(
        _ bytes: Span<UInt8>, count: Int, to line: inout String
    ) throws(Truncation) {
        guard count >= DNSReader.headerCount else {
            line += "domain [length \(count) < 12] (invalid)"
            return
        }
        guard bytes.count >= DNSReader.headerCount else { throw .domain }
        var reader = DNSReader(bytes.extracting(first: count))
        let flags = bytes.uint16(at: 2)
        if flags & 0x8000 != 0 {
            try appendResponse(&reader, flags, to: &line)
        } else {
            try appendQuery(&reader, flags, to: &line)
        }
        line += " (\(count))"
    }

    private func appendQuery(
        _ reader: inout DNSReader, _ flags: UInt16, to line: inout String
    ) throws(Truncation) {
        line += "\(reader.identifier)\(Self.operation(flags))"
        if flags & 0x0100 != 0 { line += "+" }
        if flags & 0x0010 != 0 { line += "%" }
        if flags & 0x06CF != 0 { line += " [b2&3=0x\(Text.hexadecimal(UInt64(flags)))]" }
        if flags >> 11 & 0xF == 1 {
            if reader.questionCount != 0 { line += " [\(reader.questionCount)q]" }
            if reader.answerCount != 1 { line += " [\(reader.answerCount)a]" }
        } else {
            if reader.answerCount != 0 { line += " [\(reader.answerCount)a]" }
            if reader.questionCount != 1 { line += " [\(reader.questionCount)q]" }
        }
        if reader.authorityCount != 0 { line += " [\(reader.authorityCount)n]" }
        if reader.additionalCount != 0 { line += " [\(reader.additionalCount)au]" }
        for _ in 0..<reader.questionCount { try reader.appendQuestion(to: &line) }
    }

    private func appendResponse(
        _ reader: inout DNSReader, _ flags: UInt16, to line: inout String
    ) throws(Truncation) {
        line += "\(reader.identifier)\(Self.operation(flags))\(Self.responseCode(flags))"
        if flags & 0x0400 != 0 { line += "*" }
        if flags & 0x0080 == 0 { line += "-" }
        if flags & 0x0200 != 0 { line += "|" }
        if flags & 0x0020 != 0 { line += "$" }
        if reader.questionCount != 1 { line += " [\(reader.questionCount)q]" }
        for number in 0..<reader.questionCount {
            if number > 0 { line += "," }
            try reader.skipQuestion()
        }
        line += " \(reader.answerCount)/\(reader.authorityCount)/\(reader.additionalCount)"
        for number in 0..<reader.answerCount {
            if number > 0 {
                guard !reader.isAtEnd else { throw .domain }
                line += ","
            }
            try reader.appendRecord(to: &line)
        }
    }

    private static func operation(_ flags: UInt16) -> String {
        switch flags >> 11 & 0xF {
        case 0: ""
        case 1: " inv_q"
        case 2: " stat"
        case 4: " notify"
        case 5: " update"
        default: " op\(flags >> 11 & 0xF)"
        }
    }

    private static func responseCode(_ flags: UInt16) -> String {
        switch flags & 0xF {
        case 0: ""
        case 1: " FormErr"
        case 2: " ServFail"
        case 3: " NXDomain"
        case 4: " NotImp"
        case 5: " Refused"
        case 6: " YXDomain"
        case 7: " YXRRSet"
        case 8: " NXRRSet"
        case 9: " NotAuth"
        case 10: " NotZone"
        default: " Resp\(flags & 0xF)"
        }
    }
}
