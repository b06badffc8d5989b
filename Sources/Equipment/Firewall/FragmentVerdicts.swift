import Memory
import Stack

/// What was decided on datagrams of which the first part was seen: the later ones follow it.
///
/// As many as there are places; the oldest goes for a new one. Looked for from the newest on, since
/// the parts of a datagram follow each other.
struct FragmentVerdicts: ~Copyable, Sendable {
    struct Entry: Sendable {
        var name: FragmentName
        var verdict: FirewallVerdict
        var until: Instant
    }

    /// How long the parts of a datagram take at most: as long as they are waited for (RFC 8200 §4.5).
    private static var time: Interval { .seconds(60) }
    private static var limit: Int { 256 }

    private var entries: [Entry] = []
    /// Where the next one is put once all places are taken.
    private var oldest = 0

    init() { entries.reserveCapacity(Self.limit) }

    /// What was decided; nil where nothing is known.
    func verdict(of name: FragmentName, at now: Instant) -> FirewallVerdict? {
        guard let place = place(of: name), entries[place].until > now else { return nil }
        return entries[place].verdict
    }

    /// Remembers what was decided on a first part. A denial stays: a second first part changes nothing.
    mutating func note(_ verdict: FirewallVerdict, on name: FragmentName, at now: Instant) {
        let entry = Entry(name: name, verdict: verdict, until: now + Self.time)
        if let place = place(of: name) {
            if entries[place].until <= now || entries[place].verdict == .pass {
                entries[place] = entry
            }
        } else if entries.count < Self.limit {
            entries.append(entry)
        } else {
            entries[oldest] = entry
            oldest = (oldest &+ 1) % Self.limit
        }
    }

    private func place(of name: FragmentName) -> Int? {
        var place = oldest
        for _ in entries.indices {
            place = place == 0 ? entries.count &- 1 : place &- 1
            if entries[place].name == name { return place }
        }
        return nil
    }
}
