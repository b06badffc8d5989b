import Wire

/// `/etc/hosts`: an address, its name and other names of it on each line (RFC 952's heir).
struct HostsFile: Sendable {
    struct Line: Equatable, Sendable {
        let address: IPAddress
        /// Whether the address was written as one of IPv6, mapped or not.
        let isIPv6: Bool
        let name: String
        let aliases: [String]

        /// Every name, in small letters.
        var folded: [[UInt8]] { ([name] + aliases).map(ASCII.folded) }
    }

    /// Lines beyond which the file is not read.
    static let lineLimit = 100_000

    let lines: [Line]
    /// Lines by their names in small letters.
    private let byName: [[UInt8]: [Int]]

    /// Lines without an address or a name are passed over.
    init(_ text: [Substring]) {
        var lines: [Line] = []
        var byName: [[UInt8]: [Int]] = [:]
        for words in text.lazy.map(NameFile.words) where words.count >= 2 {
            let v4 = IPv4Address(words[0])
            guard
                let address = v4.map({ IPAddress($0) })
                    ?? IPv6Address(words[0]).map({ IPAddress($0) })
            else { continue }
            let line = Line(
                address: address, isIPv6: v4 == nil, name: words[1], aliases: Array(words[2...]))
            for name in line.folded where byName[name]?.last != lines.count {
                byName[name, default: []].append(lines.count)
            }
            lines.append(line)
            if lines.count == Self.lineLimit { break }
        }
        self.lines = lines
        self.byName = byName
    }

    /// The lines that have the name, in either case of letters.
    func lines(named name: String) -> [Line] {
        (byName[ASCII.folded(name)] ?? []).map { lines[$0] }
    }

    /// The first line of an address.
    func line(of address: IPAddress) -> Line? { lines.first { $0.address == address } }
}
