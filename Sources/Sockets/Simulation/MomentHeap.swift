import Stack

/// A binary heap of what is to happen, by moment and then by the order of entry.
struct MomentHeap: Sendable {
    enum Kind {
        case member(Int)
        case sleeper(UInt64)
    }

    struct Entry {
        let moment: Instant
        let number: UInt64
        let kind: Kind

        func isBefore(_ other: Entry) -> Bool {
            moment != other.moment ? moment < other.moment : number < other.number
        }
    }

    private var entries: [Entry] = []
    private var lastNumber: UInt64 = 0

    /// What comes first, nil when there is nothing.
    var first: Entry? { entries.first }

    mutating func push(_ moment: Instant, _ kind: Kind) {
        lastNumber += 1
        let entry = Entry(moment: moment, number: lastNumber, kind: kind)
        entries.append(entry)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entry.isBefore(entries[parent]) else { break }
            entries[child] = entries[parent]
            child = parent
        }
        entries[child] = entry
    }

    /// Removes what comes first.
    mutating func removeFirst() {
        guard let last = entries.popLast(), !entries.isEmpty else { return }
        var parent = 0
        while true {
            var child = parent * 2 + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1].isBefore(entries[child]) { child += 1 }
            guard entries[child].isBefore(last) else { break }
            entries[parent] = entries[child]
            parent = child
        }
        entries[parent] = last
    }
}
