import Memory
import Stack

/// Packets on their way, in order of arrival; those that arrive together in order of submission.
///
/// Packets that arrive after all before them, as on any link without jitter, stand in a ring; only
/// those that overtake go through a binary heap. Neither these nor the slab that holds the packets
/// allocate once they have grown to the number of packets that are under way together.
struct DeliveryQueue: ~Copyable {
    // Internal: the compiler (6.3.1, debug) crashes on a ring of a private type in another file.
    struct Entry {
        let time: Instant
        let number: UInt64
        let packet: SlabIndex

        func isBefore(_ other: Entry) -> Bool {
            time != other.time ? time < other.time : number < other.number
        }
    }

    private var ring = Ring<Entry>()
    private var heap: [Entry] = []
    private var packets = Slab<Packet>()
    private var nextNumber: UInt64 = 0

    var count: Int { ring.count &+ heap.count }

    /// When the next packet arrives; never when there is none.
    var nextTime: Instant {
        let inRing = ring.isEmpty ? Instant.never : ring[0].time
        return heap.isEmpty ? inRing : min(inRing, heap[0].time)
    }

    mutating func insert(_ packet: consuming Packet, at time: Instant) {
        let entry = Entry(time: time, number: nextNumber, packet: packets.insert(packet))
        nextNumber &+= 1
        if ring.isEmpty || ring[ring.count &- 1].time <= time {
            ring.append(entry)
        } else {
            pushOnHeap(entry)
        }
    }

    /// The packet that arrives next, nil when none does up to `now`.
    mutating func popFirst(at now: Instant) -> Packet? {
        guard count > 0, nextTime <= now else { return nil }
        let isOnHeap = !heap.isEmpty && (ring.isEmpty || heap[0].isBefore(ring[0]))
        guard let entry = isOnHeap ? popFromHeap() : ring.popFirst() else { return nil }
        return packets.remove(entry.packet)
    }

    private mutating func pushOnHeap(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count &- 1
        while child > 0 {
            let parent = (child &- 1) / 2
            guard entry.isBefore(heap[parent]) else { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = entry
    }

    private mutating func popFromHeap() -> Entry? {
        guard let last = heap.popLast() else { return nil }
        guard let first = heap.first else { return last }
        var parent = 0
        while true {
            var child = parent &* 2 &+ 1
            guard child < heap.count else { break }
            if child &+ 1 < heap.count, heap[child &+ 1].isBefore(heap[child]) { child &+= 1 }
            guard heap[child].isBefore(last) else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = last
        return first
    }
}
