import Wire

/// A domain name: labels from the host to the top, written the same in either case (RFC 1035 §3.1,
/// RFC 4343).
public struct DNSName: Hashable, Sendable, CustomStringConvertible {
    /// Each of 1 to 63 bytes, as they were written.
    package let labels: [[UInt8]]

    /// The most bytes of a name on the wire, with the lengths of its labels and the root's zero.
    package static let byteLimit = 255

    /// The name of the root.
    package static let root = DNSName(labels: [])

    package init(labels: [[UInt8]]) { self.labels = labels }

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
    package func isWithin(_ other: DNSName) -> Bool {
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

extension DNSName {
    /// Whether the bytes of both are the same, in the case of letters too.
    func isExactly(_ other: DNSName) -> Bool { labels == other.labels }

    /// Bytes on the wire, without compression.
    var byteCount: Int { labels.reduce(1) { $0 + $1.count + 1 } }

    /// The name under which that of `address` is asked for: `4.2.0.10.in-addr.arpa` (RFC 1035
    /// §3.5), or the 32 digits of `ip6.arpa` (RFC 3596 §2.5).
    package init(reversing address: IPAddress) {
        if let v4 = address.v4 {
            let numbers = (0..<4).map { "\(v4.rawValue >> (8 * UInt32($0)) & 0xFF)" }
            self.init(labels: (numbers + ["in-addr", "arpa"]).map { Array($0.utf8) })
            return
        }
        let digits = [address.low, address.high].flatMap { half in
            (0..<16).map { String(half >> (4 * UInt64($0)) & 0xF, radix: 16) }
        }
        self.init(labels: (digits + ["ip6", "arpa"]).map { Array($0.utf8) })
    }

    /// This name below `parent`; nil where that is too long.
    func within(_ parent: DNSName) -> DNSName? {
        let whole = DNSName(labels: labels + parent.labels)
        return whole.byteCount <= Self.byteLimit ? whole : nil
    }

    /// Letters in a case drawn for each, so that who did not see the question cannot repeat it
    /// (draft-vixie-dnsext-dns0x20).
    func withRandomCase(_ random: inout some RandomNumberGenerator) -> DNSName {
        var bits: UInt64 = 0
        var left = 0
        return DNSName(
            labels: labels.map { label in
                label.map { byte in
                    guard ASCII.isLetter(byte) else { return byte }
                    if left == 0 { (bits, left) = (random.next(), 64) }
                    defer { (bits, left) = (bits >> 1, left - 1) }
                    return bits & 1 == 0 ? byte & ~0x20 : byte | 0x20
                }
            })
    }

    /// Whether every label is one of a host: letters, digits, `-` and `_`, no `-` in front. What
    /// else a server may say never reaches those who print it (as glibc's `res_hnok`).
    var isHostName: Bool {
        labels.allSatisfy { label in
            label.first != UInt8(ascii: "-")
                && label.allSatisfy {
                    ASCII.isLetter($0) || ASCII.digit($0) != nil || $0 == UInt8(ascii: "-")
                        || $0 == UInt8(ascii: "_")
                }
        }
    }
}
