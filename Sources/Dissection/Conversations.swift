import Memory
import Wire

/// The first sequence numbers of each TCP conversation, from its first segment with an
/// acknowledgment on.
///
/// At most 65,536 are remembered; then it forgets all and begins anew, which shows absolute
/// numbers once more.
struct Conversations: ~Copyable {
    /// Two ends in an order that is the same for both directions.
    private struct Key: Equatable {
        let low: SocketAddress
        let high: SocketAddress
    }

    private struct Entry {
        let key: Key
        var bases: Bases
    }

    /// What is subtracted from the numbers of the end with the lower and the higher port.
    private struct Bases {
        var low: SequenceNumber
        var high: SequenceNumber
    }

    /// The numbers of a segment as they are shown, and what its SACK blocks are relative to.
    struct Shown {
        var sequence: UInt32
        var acknowledgment: UInt32
        var sackBase: UInt32
    }

    private static var limit: Int { 65_536 }

    private var entries: [Entry] = []
    private var index = HashIndex()
    private let hash = KeyedHash(key: 0, 0)

    /// The numbers of a segment with an acknowledgment. Those of a SYN or of the first segment are
    /// remembered and shown as they are.
    mutating func show(
        _ segment: borrowing TCPSegment, from source: IPAddress, to destination: IPAddress
    ) -> Shown {
        let from = SocketAddress(address: source, port: segment.sourcePort)
        let to = SocketAddress(address: destination, port: segment.destinationPort)
        let isReverse = from.port > to.port || from.port == to.port && from.address > to.address
        let key = isReverse ? Key(low: to, high: from) : Key(low: from, high: to)
        let (sequence, acknowledgment) = (segment.sequence, segment.acknowledgment)
        let first = Bases(
            low: isReverse ? acknowledgment - 1 : sequence,
            high: isReverse ? sequence : acknowledgment - 1)
        let known = place(of: key)
        guard let known, !segment.flags.contains(.syn) else {
            if let known { entries[known].bases = first } else { remember(key, first) }
            return Shown(
                sequence: sequence.rawValue, acknowledgment: acknowledgment.rawValue,
                sackBase: (isReverse ? first.low : first.high).rawValue)
        }
        let bases = entries[known].bases
        let mine = (isReverse ? bases.high : bases.low).rawValue
        let theirs = (isReverse ? bases.low : bases.high).rawValue
        return Shown(
            sequence: sequence.rawValue &- mine, acknowledgment: acknowledgment.rawValue &- theirs,
            sackBase: theirs)
    }

    private func hash(of key: Key) -> UInt64 {
        hash.place(
            key.low.address.high, key.low.address.low, key.high.address.high, key.high.address.low,
            UInt64(key.low.port) << 16 | UInt64(key.high.port))
    }

    private func place(of key: Key) -> Int? {
        var probe = index.probe(hash(of: key))
        while let place = index.next(&probe) {
            if entries[Int(place)].key == key { return Int(place) }
        }
        return nil
    }

    private mutating func remember(_ key: Key, _ bases: Bases) {
        if entries.count == Self.limit {
            entries = []
            index = HashIndex()
        }
        index.insert(UInt32(entries.count), hash: hash(of: key))
        entries.append(Entry(key: key, bases: bases))
    }
}
