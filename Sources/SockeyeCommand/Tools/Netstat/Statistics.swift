import Sockets
import Stack

/// The counters of a host in words, by protocol, as `netstat -s` lists them.
enum Statistics {
    /// A counter: `tcpSegmentsSent` is "segments sent" of "Tcp".
    private struct Item {
        let section: String
        let words: String
        let count: UInt64
    }

    /// What stands before the words, and where they are listed.
    private static let sections: [(prefix: String, title: String)] = [
        ("arp", "Arp"), ("icmpv6", "Icmp6"), ("icmp", "Icmp"), ("igmp", "Igmp"), ("mld", "Mld"),
        ("ipv6", "Ip6"), ("ip", "Ip"), ("neighbour", "Neighbour"), ("nd", "Neighbour"),
        ("fragment", "Fragments"), ("fragments", "Fragments"), ("datagrams", "Fragments"),
        ("udp", "Udp"), ("tcp", "Tcp"), ("raw", "Raw"),
    ]

    /// What happened and what was dropped, each under its protocol.
    ///
    /// - Parameters:
    ///   - titles: The sections that are wanted; nil for all.
    ///   - zeros: Whether what never happened is listed.
    static func lines(
        _ counters: Counters, titles: [String]? = nil, zeros: Bool = true
    ) -> [String] {
        let items =
            Event.allCases.map { item(String(describing: $0), counters[$0], isDrop: false) }
            + DropReason.allCases.map { item(String(describing: $0), counters[$0], isDrop: true) }
        var order: [String] = []
        for item in items where !order.contains(item.section) { order.append(item.section) }
        return order.sorted().flatMap { section -> [String] in
            guard titles?.contains(section) ?? true else { return [] }
            let lines = items.filter { $0.section == section && (zeros || $0.count > 0) }.map {
                "    \($0.count) \($0.words)"
            }
            return lines.isEmpty ? [] : ["\(section):"] + lines
        }
    }

    private static func item(_ name: String, _ count: UInt64, isDrop: Bool) -> Item {
        var section = isDrop ? "Link" : "Host"
        var rest = Substring(name)
        for (prefix, title) in sections where starts(name, prefix) {
            section = title
            rest = rest.dropFirst(prefix.count)
            break
        }
        let words = split(rest)
        return Item(section: section, words: isDrop ? "dropped: \(words)" : words, count: count)
    }

    /// Whether `prefix` is the first word of `name`: `ip` is not that of `ipv6HopLimit`.
    private static func starts(_ name: String, _ prefix: String) -> Bool {
        guard name.hasPrefix(prefix) else { return false }
        return name.dropFirst(prefix.count).first?.isUppercase ?? true
    }

    /// `SegmentsSent` as "segments sent", `pathMTUsLearned` as "path MTUs learned".
    static func split(_ name: Substring) -> String {
        var words: [String] = []
        var isInsideAcronym = false
        for character in name {
            if words.isEmpty || character.isUppercase && !isInsideAcronym { words.append("") }
            words[words.count - 1].append(character)
            isInsideAcronym = character.isUppercase
        }
        return words.map { isAcronym($0) ? $0 : $0.lowercased() }.joined(separator: " ")
    }

    private static func isAcronym(_ word: String) -> Bool {
        word.dropFirst().first?.isUppercase ?? false
    }

    /// What was counted at all.
    static func print(_ host: HostDriver, to print: (String) -> Void) {
        for line in lines(host.withHost { $0.counters }, zeros: false) { print("  " + line) }
    }
}
