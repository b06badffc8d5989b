import Wire

/// Why a text is no rule.
public struct FirewallRuleError: Error, Equatable, Sendable {
    /// The rule as it was given.
    public let text: String
    /// Where the word begins that is wrong, in bytes from the text's start; the text's length where a
    /// word is missing.
    public let position: Int
    /// What is wrong: "'10.0.0.0/64' is no address".
    public let problem: String
    /// What was expected instead: "an address such as 10.0.0.1 or 10.0.0.0/8".
    public let expected: String
}

extension FirewallRuleError: CustomStringConvertible {
    /// What is wrong, where, and what was expected, in one line.
    public var description: String {
        "\(problem) at column \(position + 1); expected \(expected)"
    }
}

/// The words of a rule, taken one by one.
struct RuleWords {
    private let text: String
    private var words: [(word: String, position: Int)] = []
    private var place = 0
    /// Which clauses there were.
    private var seen: [String] = []

    init(_ text: String) {
        self.text = text
        var word: [UInt8] = []
        var position = 0
        for byte in text.utf8 {
            if byte == 0x20 || byte == 0x09 || byte == 0x0A {
                finish(&word, position)
            } else {
                word.append(byte)
            }
            position += 1
        }
        finish(&word, position)
    }

    private mutating func finish(_ word: inout [UInt8], _ end: Int) {
        guard !word.isEmpty else { return }
        words.append((String(decoding: word, as: UTF8.self), end - word.count))
        word = []
    }

    /// The word that comes next; nil at the end.
    var next: String? { place < words.count ? words[place].word : nil }

    /// An error about the word that comes next.
    func problem(_ problem: String, _ expected: String) -> FirewallRuleError {
        FirewallRuleError(
            text: text, position: place < words.count ? words[place].position : text.utf8.count,
            problem: problem, expected: expected)
    }

    private mutating func skip() { place += 1 }

    mutating func takeDirection(into rule: inout FirewallRule) {
        switch next {
        case "out": rule.direction = .outgoing
        case "in": rule.direction = .incoming
        default: return
        }
        skip()
    }

    mutating func takeProtocol(into rule: inout FirewallRule) throws(FirewallRuleError) {
        guard let word = next, !Self.clauses.contains(word) else { return }
        if word == "any" || word == "all" {
            skip()
            return
        }
        guard let proto = ProtocolName.proto(word) else {
            throw problem(
                "'\(word)' is no direction, no protocol and no clause",
                (rule.direction == nil ? "in, out, " : "")
                    + "tcp, udp, icmp, icmpv6, any, a number up to 255, " + Self.list)
        }
        rule.proto = proto
        skip()
    }

    static var clauses: [String] {
        ["from", "to", "port", "source-port", "program", "silently", "log"]
    }

    private static var list: String {
        FirewallRule.joined(Array(clauses.dropLast()), by: ", ") + " or log"
    }

    mutating func takeClause(_ word: String, into rule: inout FirewallRule)
        throws(FirewallRuleError)
    {
        guard Self.clauses.contains(word) else {
            throw problem("'\(word)' is not understood", Self.list)
        }
        guard !seen.contains(word) else {
            throw problem("'\(word)' stands there twice", "one of each")
        }
        seen.append(word)
        if word == "silently", rule.action == .allow {
            throw problem("what is allowed is not denied silently", "no 'silently' behind --allow")
        }
        if word.hasSuffix("port"), let proto = rule.proto, !FlowTuple.hasPorts(proto) {
            throw problem(
                "\(ProtocolName.name(of: proto)) has no ports", "no '\(word)', or tcp or udp")
        }
        skip()
        switch word {
        case "from": rule.from = try takeAddress(behind: word, rule)
        case "to": rule.to = try takeAddress(behind: word, rule)
        case "port": rule.ports = try takePorts(behind: word)
        case "source-port": rule.sourcePorts = try takePorts(behind: word)
        case "program": rule.program = try takeProgram()
        case "silently": rule.action = .denySilently
        default: rule.logs = true
        }
    }

    /// The word behind another.
    private func value(behind word: String, _ expected: String) throws(FirewallRuleError) -> String
    {
        guard let value = next else { throw problem("'\(word)' says nothing", expected) }
        return value
    }

    private mutating func takeAddress(
        behind word: String, _ rule: FirewallRule
    ) throws(FirewallRuleError) -> IPPrefix? {
        let expected = "an address such as 10.0.0.1, 10.0.0.0/8 or fd00::/8"
        let value = try value(behind: word, expected)
        if value == "any" || value == "all" {
            skip()
            return nil
        }
        guard let prefix = IPPrefix(value) ?? IPAddress(value).map({ IPPrefix(host: $0) }) else {
            throw problem("'\(value)' is no address", expected)
        }
        if let proto = rule.proto, proto == .icmp || proto == .icmpv6,
            prefix.address.isIPv4 != (proto == .icmp)
        {
            throw problem(
                "\(ProtocolName.name(of: proto)) has no such addresses",
                proto == .icmp ? "an IPv4 address, or icmpv6" : "an IPv6 address, or icmp")
        }
        skip()
        return prefix.masked
    }

    private mutating func takePorts(behind word: String) throws(FirewallRuleError) -> [PortRange] {
        let expected = "a port such as 53, 8000-8080 or 80,443"
        let value = try value(behind: word, expected)
        var ranges: [PortRange] = []
        for part in value.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        {
            let ends = part.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
            guard let first = ends.first.flatMap({ Self.port($0) }), ends.count <= 2,
                let last = Self.port(ends[ends.count - 1])
            else { throw problem("'\(value)' is no port", expected) }
            guard let range = PortRange(first, last) else {
                throw problem("'\(value)' ends before it begins", expected)
            }
            ranges.append(range)
        }
        skip()
        return ranges
    }

    private static func port(_ digits: Substring.UTF8View) -> UInt16? {
        var number = 0
        guard !digits.isEmpty, digits.count <= 5 else { return nil }
        for byte in digits {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            number = number * 10 + Int(byte & 0x0F)
        }
        return UInt16(exactly: number)
    }

    private mutating func takeProgram() throws(FirewallRuleError) -> String {
        let name = try value(behind: "program", "a name such as curl")
        guard !name.utf8.contains(UInt8(ascii: "/")) else {
            throw problem("'\(name)' is a path", "a name such as curl")
        }
        skip()
        // The kernel keeps no more of a name (TASK_COMM_LEN).
        return String(decoding: name.utf8.prefix(15), as: UTF8.self)
    }
}
