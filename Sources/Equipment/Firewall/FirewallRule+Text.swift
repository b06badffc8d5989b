import Wire

extension FirewallRule {
    /// What can be said in a text, a line each.
    public static let syntax = [
        "[in|out] [PROTOCOL] [WHAT]… [silently] [log]",
        "PROTOCOL: tcp, udp, icmp, icmpv6, sctp, dccp, igmp, any, or a number",
        "WHAT: from ADDRESS[/BITS]    where flows come from",
        "      to ADDRESS[/BITS]      where flows go",
        "      port PORTS             the port they go to: 53, 8000-8080, or 80,443",
        "      source-port PORTS      the port they come from",
        "      program NAME           the program, by its first 15 letters, as ps shows it",
        "silently: whoever is denied is not told (by default TCP is reset, all else prohibited)",
        "log: a line for each flow",
    ]

    /// Reads a rule: "out tcp to 10.0.0.0/8", "in tcp port 8000-8080 from 192.168.0.0/16",
    /// "out udp port 53", "out tcp program curl port 443 silently log".
    ///
    /// - Parameter action: What becomes of the flows: `.allow`, or `.deny`, which "silently" makes
    ///   `.denySilently`.
    /// - Throws: What is wrong with which word.
    public init(_ text: String, action: Action) throws(FirewallRuleError) {
        self.init(action)
        var words = RuleWords(text)
        guard words.next != nil else {
            throw words.problem(
                "the rule is empty", "such as 'out tcp to 10.0.0.0/8', or 'any' for all flows")
        }
        words.takeDirection(into: &self)
        try words.takeProtocol(into: &self)
        while let word = words.next { try words.takeClause(word, into: &self) }
        if let from, let to, from.address.isIPv4 != to.address.isIPv4 {
            throw words.problem(
                "from \(from) to \(to) matches nothing", "two addresses of one family")
        }
    }
}

extension FirewallRule: CustomStringConvertible {
    /// The rule as `init(_:action:)` reads it, without the action: "out tcp to 10.0.0.0/8 log".
    public var description: String {
        var words: [String] = []
        switch direction {
        case .outgoing: words.append("out")
        case .incoming: words.append("in")
        case nil: break
        }
        if let proto { words.append(ProtocolName.name(of: proto)) }
        if let from { words.append("from " + Self.text(from)) }
        if let to { words.append("to " + Self.text(to)) }
        if !ports.isEmpty { words.append("port " + Self.text(ports)) }
        if !sourcePorts.isEmpty { words.append("source-port " + Self.text(sourcePorts)) }
        if let program { words.append("program " + program) }
        if words.isEmpty { words.append("any") }
        if action == .denySilently { words.append("silently") }
        if logs { words.append("log") }
        return Self.joined(words, by: " ")
    }

    private static func text(_ prefix: IPPrefix) -> String {
        Int(prefix.length) == prefix.address.bitCount ? "\(prefix.address)" : "\(prefix)"
    }

    private static func text(_ ranges: [PortRange]) -> String {
        joined(
            ranges.map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }, by: ",")
    }

    static func joined(_ words: [String], by separator: String) -> String {
        var text = ""
        for word in words { text += text.isEmpty ? word : separator + word }
        return text
    }
}
