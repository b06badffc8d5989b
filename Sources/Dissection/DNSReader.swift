import Memory
import Wire

/// Walks the questions and records of a DNS message (RFC 1035 §4.1).
struct DNSReader: ~Escapable {
    static var headerCount: Int { 12 }

    private let bytes: Span<UInt8>
    private var offset = Self.headerCount

    /// - Precondition: `bytes` hold at least a header.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    var identifier: UInt16 { bytes.uint16(at: 0) }
    var questionCount: Int { Int(bytes.uint16(at: 4)) }
    var answerCount: Int { Int(bytes.uint16(at: 6)) }
    var authorityCount: Int { Int(bytes.uint16(at: 8)) }
    var additionalCount: Int { Int(bytes.uint16(at: 10)) }

    /// Whether nothing is left.
    var isAtEnd: Bool { offset >= bytes.count }

    /// Appends a question: " A? name."
    @_lifetime(self: copy self)
    mutating func appendQuestion(to line: inout String) throws(Truncation) {
        let begin = offset
        guard skipsName() else { throw .domain }
        let (type, kind) = (try next16(), try next16())
        line += " \(Self.typeName(type))"
        if kind != 1 { line += " \(Self.className(kind))" }
        line += "? "
        try appendName(at: begin, to: &line)
    }

    @_lifetime(self: copy self)
    mutating func skipQuestion() throws(Truncation) {
        guard skipsName() else { throw .domain }
        offset &+= 4
    }

    /// Appends a record: " A 10.0.2.4". Nothing where the bytes end before its data.
    @_lifetime(self: copy self)
    mutating func appendRecord(to line: inout String) throws(Truncation) {
        guard skipsName(), offset &+ 10 <= bytes.count else {
            offset = bytes.count
            return
        }
        let (type, kind) = (try next16(), try next16())
        offset &+= 4
        let count = Int(try next16())
        if kind != 1, type != 41 { line += " \(Self.className(kind))" }
        line += " \(Self.typeName(type))"
        let begin = offset
        guard begin &+ count <= bytes.count else { throw .domain }
        offset &+= count
        switch type {
        case 1:
            guard begin &+ 4 <= bytes.count else { throw .domain }
            line += " \(bytes.ipv4Address(at: begin).description)"
        case 28:
            guard begin &+ 16 <= bytes.count else { throw .domain }
            line += " \(bytes.ipv6Address(at: begin).description)"
        case 2, 5, 12, 39:
            line += " "
            try appendName(at: begin, to: &line)
        case 15:
            guard begin &+ 2 <= bytes.count else { throw .domain }
            line += " "
            try appendName(at: begin &+ 2, to: &line)
            line += " \(bytes.uint16(at: begin))"
        case 16: try appendTexts(begin..<offset, to: &line)
        case 33:
            guard begin &+ 6 <= bytes.count else { throw .domain }
            line += " "
            try appendName(at: begin &+ 6, to: &line)
            line += ":\(bytes.uint16(at: begin &+ 4))"
            line += " \(bytes.uint16(at: begin)) \(bytes.uint16(at: begin &+ 2))"
        case 41: line += " UDPsize=\(kind)"
        default: break
        }
    }

    private func appendTexts(_ range: Range<Int>, to line: inout String) throws(Truncation) {
        var place = range.lowerBound
        while place < range.upperBound {
            let end = place &+ 1 &+ Int(bytes[place])
            guard end <= bytes.count else { throw .domain }
            line += " \"\(Text.printable(bytes.extracting(place &+ 1..<end)))\""
            place = end
        }
    }

    @_lifetime(self: copy self)
    private mutating func next16() throws(Truncation) -> UInt16 {
        guard offset &+ 2 <= bytes.count else { throw .domain }
        offset &+= 2
        return bytes.uint16(at: offset &- 2)
    }

    /// Moves behind a name; whether it has an end.
    @_lifetime(self: copy self)
    private mutating func skipsName() -> Bool {
        while offset < bytes.count {
            let count = bytes[offset]
            switch count >> 6 {
            case 0:
                offset &+= 1 &+ Int(count)
                if count == 0 { return true }
            case 3:
                offset &+= 2
                return true
            default: return false
            }
        }
        return false
    }

    /// Appends the name at `start`. Pointers must lead backwards, so that it has an end (RFC 1035
    /// §4.1.4).
    private func appendName(at start: Int, to line: inout String) throws(Truncation) {
        var place = start
        var limit = start
        var isRoot = true
        // A name has up to 255 bytes (RFC 1035 §2.3.4), and so at most that many steps.
        for _ in 0..<256 {
            guard place < bytes.count else { throw .domain }
            let count = Int(bytes[place])
            switch count >> 6 {
            case 0 where count == 0:
                if isRoot { line += "." }
                return
            case 0:
                guard place &+ 1 &+ count <= bytes.count else { throw .domain }
                let label = bytes.extracting(place &+ 1..<place &+ 1 &+ count)
                line += Text.printable(label) + "."
                isRoot = false
                place &+= 1 &+ count
            case 3:
                guard place &+ 1 < bytes.count else { throw .domain }
                let target = Int(bytes.uint16(at: place) & 0x3FFF)
                guard target < limit else {
                    line += "<BAD PTR>"
                    throw .domain
                }
                limit = target
                place = target
            default: throw .domain
            }
        }
        throw .domain
    }

    private static func className(_ number: UInt16) -> String {
        switch number {
        case 3: "CHAOS"
        case 4: "HS"
        case 255: "ANY"
        default: "(Class \(number))"
        }
    }

    /// The name of a record type (IANA, DNS Parameters).
    private static func typeName(_ number: UInt16) -> String {
        switch number {
        case 1: "A"
        case 2: "NS"
        case 5: "CNAME"
        case 6: "SOA"
        case 12: "PTR"
        case 13: "HINFO"
        case 15: "MX"
        case 16: "TXT"
        case 28: "AAAA"
        case 33: "SRV"
        case 35: "NAPTR"
        case 39: "DNAME"
        case 41: "OPT"
        case 43: "DS"
        case 46: "RRSIG"
        case 47: "NSEC"
        case 48: "DNSKEY"
        case 50: "NSEC3"
        case 52: "TLSA"
        case 64: "SVCB"
        case 65: "HTTPS"
        case 99: "SPF"
        case 250: "TSIG"
        case 251: "IXFR"
        case 252: "AXFR"
        case 255: "ANY"
        case 257: "CAA"
        default: "Type\(number)"
        }
    }
}
