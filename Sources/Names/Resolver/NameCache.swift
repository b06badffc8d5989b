import Stack

/// What servers said, for as long as they said it holds.
struct NameCache: Sendable {
    struct Key: Hashable, Sendable {
        let name: DNSName
        let type: DNSType
    }

    private struct Entry: Sendable {
        let finding: DNSFinding
        let expires: Instant
        /// Of those that expire together the oldest goes first.
        let number: UInt64
    }

    /// A day: longer lives are not believed (RFC 8767 §4 takes seven).
    private static let longest: UInt32 = 86_400
    /// Three hours for gaps (RFC 2308 §5).
    private static let longestGap: UInt32 = 10_800

    private let limit: Int
    private var entries: [Key: Entry] = [:]
    private var nextNumber: UInt64 = 0

    /// - Parameter limit: Findings that are kept; 0 for none.
    init(limit: Int) { self.limit = limit }

    var count: Int { entries.count }

    func finding(_ key: Key, at now: Instant) -> DNSFinding? {
        guard let entry = entries[key], now < entry.expires else { return nil }
        return entry.finding
    }

    /// Keeps a finding for `lifetime` seconds; failures are not kept.
    mutating func keep(_ finding: DNSFinding, as key: Key, lifetime: UInt32, at now: Instant) {
        let bound: UInt32
        switch finding {
        case .records: bound = Self.longest
        case .noData, .noName: bound = Self.longestGap
        case .failure: return
        }
        // A number with its highest bit set is none (RFC 2181 §8).
        let seconds = lifetime >> 31 == 0 ? min(lifetime, bound) : 0
        guard seconds > 0, limit > 0 else { return }
        if entries[key] == nil, entries.count >= limit { makeRoom() }
        entries[key] = Entry(
            finding: finding, expires: now + .seconds(Int(seconds)), number: nextNumber)
        nextNumber &+= 1
    }

    /// Forgets the one that would be forgotten first. The order of the dictionary does not matter,
    /// since no two entries are alike.
    private mutating func makeRoom() {
        let first = entries.min {
            ($0.value.expires, $0.value.number) < ($1.value.expires, $1.value.number)
        }
        if let first { entries[first.key] = nil }
    }
}
