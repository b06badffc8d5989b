/// Bad inputs as `Tests/Corpus/*.hex` holds them: bytes with what is expected of them.
public struct CorpusEntry: Sendable, CustomStringConvertible {
    /// One frame, and how long after the last one it comes.
    public struct Frame: Sendable {
        public var bytes: [UInt8] = []
        public var waitMilliseconds: Int = 0
    }

    /// What the entry has to do with a connection of the peer.
    public enum Connection: Sendable {
        case none
        /// Sequence numbers count from those of the connection.
        case plain
        case withTimestamps
    }

    /// The item of the register in `Tests/Corpus/README.md`: `group: item`.
    public var row: String
    public var variant: String
    /// Names of the reasons and of the events that must be counted.
    public var drops: [String] = []
    public var counts: [String] = []
    public var connection = Connection.none
    public var frames: [Frame] = []

    public init(row: String, variant: String) {
        self.row = row
        self.variant = variant
    }

    public var description: String { variant.isEmpty ? row : "\(row) | \(variant)" }
}

/// Reads the text of a corpus.
public enum Corpus {
    /// Why a text is no corpus.
    public struct Malformed: Error, CustomStringConvertible {
        public let line: Int
        public var description: String { "line \(line) is malformed" }
    }

    public static func entries(of text: String) throws(Malformed) -> [CorpusEntry] {
        var entries: [CorpusEntry] = []
        var wait = 0
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (number, whole) in lines.enumerated() {
            let malformed = Malformed(line: number + 1)
            let text = whole.prefix { $0 != ";" }
            let words = text.split(separator: " ").map(String.init)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            if first == "==" {
                entries.append(heading(text.dropFirst(3)))
                continue
            }
            guard !entries.isEmpty else { throw malformed }
            let last = entries.count - 1
            switch (first, words.count) {
            case ("drops", 2): entries[last].drops.append(words[1])
            case ("counts", 2): entries[last].counts.append(words[1])
            case ("connected", 1): entries[last].connection = .plain
            case ("connected", 2): entries[last].connection = .withTimestamps
            case ("wait", 2):
                guard let value = milliseconds(words[1]) else { throw malformed }
                wait = value
            case ("frame", 1):
                entries[last].frames.append(CorpusEntry.Frame(waitMilliseconds: wait))
                wait = 0
            default:
                let place = entries[last].frames.count - 1
                guard place >= 0, let bytes = bytes(words) else { throw malformed }
                entries[last].frames[place].bytes += bytes
            }
        }
        return entries
    }

    private static func heading(_ text: Substring) -> CorpusEntry {
        let parts = text.split(separator: "|", maxSplits: 1).map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        return CorpusEntry(row: parts.first ?? "", variant: parts.count > 1 ? parts[1] : "")
    }

    /// `500ms` or `2s`.
    private static func milliseconds(_ text: String) -> Int? {
        if text.hasSuffix("ms") { return Int(text.dropLast(2)) }
        return text.hasSuffix("s") ? Int(text.dropLast()).map { $0 * 1000 } : nil
    }

    /// Hexadecimal digits in pairs; `00*40` is forty times the byte.
    private static func bytes(_ words: [String]) -> [UInt8]? {
        var bytes: [UInt8] = []
        for word in words {
            let parts = word.split(separator: "*", omittingEmptySubsequences: false)
            guard let pairs = pairs(parts[0]) else { return nil }
            switch parts.count {
            case 1: bytes += pairs
            case 2:
                guard let count = Int(parts[1]), count <= 65536, pairs.count == 1
                else { return nil }
                bytes += [UInt8](repeating: pairs[0], count: count)
            default: return nil
            }
        }
        return bytes
    }

    private static func pairs(_ digits: Substring) -> [UInt8]? {
        let values = digits.utf8.map { digit -> UInt8? in
            switch digit {
            case 0x30...0x39: digit - 0x30
            case 0x61...0x66: digit - 0x61 + 10
            default: nil
            }
        }
        guard values.count % 2 == 0, !values.isEmpty else { return nil }
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: values.count, by: 2) {
            guard let high = values[place], let low = values[place + 1] else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
