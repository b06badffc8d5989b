/// A protocol by its number in IP headers. POSIX `protoent`.
public struct ProtocolEntry: Equatable, Sendable {
    public let name: String
    public let aliases: [String]
    public let number: Int32

    public init(name: String, aliases: [String], number: Int32) {
        self.name = name
        self.aliases = aliases
        self.number = number
    }
}

/// `/etc/protocols`: a name, a number and other names on each line.
struct ProtocolsFile: Sendable {
    /// Lines beyond which the file is not read.
    private static let lineLimit = 4_096

    let entries: [ProtocolEntry]

    /// Lines without a number are passed over.
    init(_ text: [Substring]) {
        var entries: [ProtocolEntry] = []
        for words in text.lazy.map(NameFile.words) where words.count >= 2 {
            guard let number = ASCII.decimal(words[1], maximum: Int(Int32.max)) else { continue }
            entries.append(
                ProtocolEntry(
                    name: words[0], aliases: Array(words[2...]),
                    number: Int32(truncatingIfNeeded: number)))
            if entries.count == Self.lineLimit { break }
        }
        self.entries = entries
    }

    /// POSIX `getprotobyname`.
    func entry(named name: String) -> ProtocolEntry? {
        entries.first { $0.name == name || $0.aliases.contains(name) }
    }

    /// POSIX `getprotobynumber`.
    func entry(numbered number: Int32) -> ProtocolEntry? {
        entries.first { $0.number == number }
    }
}
