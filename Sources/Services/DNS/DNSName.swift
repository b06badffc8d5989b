/// A domain name: labels from the host to the top, written the same in either case (RFC 1035 §3.1,
/// RFC 4343).
public struct DNSName: Hashable, Sendable, CustomStringConvertible {
    /// Each of 1 to 63 bytes, as they were written.
    let labels: [[UInt8]]

    /// The most bytes of a name on the wire, with the lengths of its labels and the root's zero.
    static let byteLimit = 255

    /// The name of the root.
    static let root = DNSName(labels: [])

    init(labels: [[UInt8]]) { self.labels = labels }

    /// Reads `services.sockeye`, with or without a dot at its end.
    public init?(_ text: String) {
        var parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if parts.last?.isEmpty == true { parts.removeLast() }
        guard parts.allSatisfy({ (1...63).contains($0.count) }),
            parts.reduce(1, { $0 + $1.count + 1 }) <= Self.byteLimit
        else { return nil }
        labels = parts.map { Array($0) }
    }

    /// Whether this is `other` or a name below it.
    func isWithin(_ other: DNSName) -> Bool {
        labels.count >= other.labels.count
            && DNSName(labels: labels.suffix(other.labels.count)) == other
    }

    /// In small letters, as names are compared.
    private var folded: [[UInt8]] {
        labels.map { $0.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 } }
    }

    public static func == (a: DNSName, b: DNSName) -> Bool { a.folded == b.folded }

    public func hash(into hasher: inout Hasher) { folded.hash(into: &hasher) }

    /// Labels with dots between; a dot for the root. Bytes that are no text are shown as `?`.
    public var description: String {
        guard !labels.isEmpty else { return "." }
        return labels.map { label in
            String(decoding: label.map { (0x21...0x7E).contains($0) ? $0 : 0x3F }, as: UTF8.self)
        }.joined(separator: ".")
    }
}
