import Memory
import Stack

/// Packets on their way, in order of arrival; those that arrive together in order of submission.
///
/// A binary heap of times over a slab of packets: neither allocates once they have grown to the
/// number of packets that are under way together.
struct DeliveryQueue: ~Copyable {
    private struct Entry {
        let time: Instant
        let number: UInt64
        let packet: SlabIndex

        func isBefore(_ other: Entry) -> Bool {
            time != other.time ? time < other.time : number < other.number
        }
    }

    private var heap: [Entry] = []
    private var packets = Slab<Packet>()
    private var nextNumber: UInt64 = 0

    var count: Int { heap.count }

    /// When the next packet arrives; never when there is none.
    var nextTime: Instant { heap.isEmpty ? .never : heap[0].time }

    mutating func insert(_ packet: consuming Packet, at time: Instant) {
        let entry = Entry(time: time, number: nextNumber, packet: packets.insert(packet))
        nextNumber &+= 1
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

    /// The packet that arrives next, nil when none does up to `now`.
    mutating func popFirst(at now: Instant) -> Packet? {
        guard nextTime <= now, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return packets.remove(last.packet) }
        let first = heap[0]
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
        return packets.remove(first.packet)
    }
}
