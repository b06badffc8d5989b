import Wire

/// The names of IP protocols that rules and log lines use.
enum ProtocolName {
    private static var names: [(String, IPProtocol)] {
        [
            ("tcp", .tcp), ("udp", .udp), ("icmp", .icmp), ("icmpv6", .icmpv6), ("sctp", .sctp),
            ("dccp", .dccp), ("igmp", .igmp),
        ]
    }

    /// The name of `proto`, or its number.
    static func name(of proto: IPProtocol) -> String {
        for (name, known) in names where known == proto { return name }
        return "\(proto.rawValue)"
    }

    /// The protocol that `word` names or numbers.
    static func proto(_ word: String) -> IPProtocol? {
        for (name, proto) in names where name == word { return proto }
        return UInt8(word).map { IPProtocol(rawValue: $0) }
    }
}
