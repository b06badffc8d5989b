import Memory
import Wire

/// The neighbours of all interfaces: a bounded table.
///
/// Who makes room for a new entry is settled so that floods harm nobody who is in use: first those
/// that nothing was ever sent to, the one known longest in front; then those not used for a while.
/// Entries that are asked for are bounded on their own, for a scan of a network asks for many
/// (RFC 6583 §6).
struct NeighbourTable: ~Copyable {
    var entries = Slab<Neighbour>()
    private var index = HashIndex()
    /// First and last of each list, by place in the slab: who was touched longest ago is first.
    private var first: [UInt32]
    private var last: [UInt32]
    private var counts: [Int]
    /// Packets that wait, of all entries.
    private(set) var waitingCount = 0

    init() {
        first = [ListLink.none, ListLink.none, ListLink.none]
        last = first
        counts = [0, 0, 0]
    }

    static var limit: Int { 1024 }
    static var incompleteLimit: Int { 256 }
    static var permanentLimit: Int { 512 }
    /// Packets that wait for one answer; more push out the oldest.
    static var waitingLimit: Int { 16 }
    /// Packets that wait for any answer.
    static var waitingTotal: Int { 512 }
    /// An entry used within this time makes room for none.
    static var inUseTime: Interval { .seconds(30) }

    /// How many entries stand in `list`.
    func count(in list: NeighbourList) -> Int {
        list == .none
            ? entries.count &- counts[0] &- counts[1] &- counts[2] : counts[list.rawValue]
    }

    func find(_ address: IPAddress, on interface: InterfaceID, _ hash: UInt64) -> SlabIndex? {
        var probe = index.probe(hash)
        while let place = index.next(&probe) {
            guard let id = entries.index(at: Int(place)) else { continue }
            if entries[id].address == address, entries[id].interface == interface { return id }
        }
        return nil
    }

    /// - Precondition: There is room, and no such neighbour yet.
    mutating func insert(
        _ neighbour: consuming Neighbour, in list: NeighbourList, _ hash: UInt64
    ) -> SlabIndex {
        let id = entries.insert(neighbour)
        index.insert(id.place, hash: hash)
        link(id, list)
        return id
    }

    mutating func remove(_ id: SlabIndex, _ hash: UInt64) -> Neighbour {
        unlink(id)
        index.remove(id.place, hash: hash)
        waitingCount &-= entries[id].waiting.count
        return entries.remove(id)
    }

    /// Puts an entry at the end of `list`: it was touched last.
    mutating func move(_ id: SlabIndex, to list: NeighbourList) {
        unlink(id)
        link(id, list)
    }

    /// The entry that can best be spared at `now`; nil where all are in use.
    func leastUseful(at now: Instant) -> SlabIndex? {
        if let spare = entries.index(at: Int(first[NeighbourList.spare.rawValue])) { return spare }
        guard let oldest = entries.index(at: Int(first[NeighbourList.used.rawValue])),
            now - entries[oldest].used > Self.inUseTime
        else { return nil }
        return oldest
    }

    /// The entry that was asked for longest ago; nil while there is room for one more.
    var oldestIncomplete: SlabIndex? {
        guard counts[NeighbourList.incomplete.rawValue] >= Self.incompleteLimit else { return nil }
        return entries.index(at: Int(first[NeighbourList.incomplete.rawValue]))
    }

    // MARK: - Packets that wait

    /// Lets `packet` wait for an answer; how many packets were dropped for that.
    ///
    /// - Parameter limit: How many packets may wait for any answer.
    mutating func wait(_ packet: consuming Packet, for id: SlabIndex, limit: Int) -> Int {
        var dropped = 0
        if entries[id].waiting.count >= Self.waitingLimit {
            _ = entries[id].waiting.popFirst()
            waitingCount &-= 1
            dropped = 1
        }
        guard waitingCount < min(limit, Self.waitingTotal) else { return dropped &+ 1 }
        entries[id].waiting.append(packet)
        waitingCount &+= 1
        return dropped
    }

    /// Takes the packet that waits longest for the entry.
    mutating func nextWaiting(for id: SlabIndex) -> Packet? {
        guard let packet = entries[id].waiting.popFirst() else { return nil }
        waitingCount &-= 1
        return packet
    }

    // MARK: - Lists

    private mutating func link(_ id: SlabIndex, _ list: NeighbourList) {
        entries[id].link = ListLink(list: list)
        guard list != .none else { return }
        let number = list.rawValue
        counts[number] &+= 1
        entries[id].link.previous = last[number]
        if let before = entries.index(at: Int(last[number])) {
            entries[before].link.next = id.place
        } else {
            first[number] = id.place
        }
        last[number] = id.place
    }

    private mutating func unlink(_ id: SlabIndex) {
        let link = entries[id].link
        guard link.list != .none else { return }
        let number = link.list.rawValue
        counts[number] &-= 1
        if let before = entries.index(at: Int(link.previous)) {
            entries[before].link.next = link.next
        } else {
            first[number] = link.next
        }
        if let after = entries.index(at: Int(link.next)) {
            entries[after].link.previous = link.previous
        } else {
            last[number] = link.previous
        }
    }
}
