import Memory
import Wire

/// What is known of a host on a link.
struct Neighbour: ~Copyable {
    enum State {
        /// Asked for, not known: packets wait.
        case incomplete
        /// Answered lately.
        case reachable
        /// Known, but not heard of for a while: used, and asked again.
        case stale
    }

    let interface: InterfaceID
    let address: IPAddress
    var state = State.incomplete
    var linkAddress = MACAddress.broadcast
    var confirmed = Instant.zero
    var requests = 0
    var waiting = Ring<Packet>()
    var timer: TimerID?
}

/// The neighbours of all interfaces: a bounded table.
struct NeighbourTable: ~Copyable {
    var entries = Slab<Neighbour>()
    private var index = HashIndex()

    static var limit: Int { 1024 }
    /// Packets that wait for one answer; more push out the oldest.
    static var waitingLimit: Int { 16 }
    static var reachableTime: Interval { .seconds(30) }
    static var requestInterval: Interval { .seconds(1) }
    static var requestLimit: Int { 3 }

    func find(_ address: IPAddress, on interface: InterfaceID, _ hash: UInt64) -> SlabIndex? {
        var probe = index.probe(hash)
        while let place = index.next(&probe) {
            guard let id = entries.index(at: Int(place)) else { continue }
            if entries[id].address == address, entries[id].interface == interface { return id }
        }
        return nil
    }

    mutating func insert(_ neighbour: consuming Neighbour, _ hash: UInt64) -> SlabIndex {
        let id = entries.insert(neighbour)
        index.insert(id.place, hash: hash)
        return id
    }

    mutating func remove(_ id: SlabIndex, _ hash: UInt64) -> Neighbour {
        index.remove(id.place, hash: hash)
        return entries.remove(id)
    }

    /// The entry that can best be spared: the one confirmed longest ago for which nothing waits.
    func leastUseful() -> SlabIndex? {
        var oldest: SlabIndex?
        var age = Instant.never
        for place in 0..<entries.placeCount {
            guard let id = entries.index(at: place), entries[id].state != .incomplete,
                entries[id].confirmed < age
            else { continue }
            (oldest, age) = (id, entries[id].confirmed)
        }
        return oldest
    }
}
