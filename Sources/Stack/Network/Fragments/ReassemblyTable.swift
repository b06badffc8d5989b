import Memory
import Wire

/// The datagrams of a host that are being put together: a bounded table for both families.
///
/// What is bounded: the chunks held (an eighth of the pool's), the datagrams (1,024), the fragments
/// of each (256) and the gaps between them (64). Where a new one finds no room the oldest goes.
struct ReassemblyTable: ~Copyable {
    var datagrams = Slab<PartialDatagram>()
    private var index = HashIndex()
    private var oldest = UInt32.max
    private var newest = UInt32.max
    /// Chunks held by all.
    private(set) var chunks = 0

    static var datagramLimit: Int { 1024 }
    static var fragmentLimit: Int { 256 }
    /// Enough for one datagram of any length, and an eighth of all there are.
    static func chunkLimit(_ pools: BufferPools) -> Int { max(8, pools.capacity.chunks / 8) }
    /// RFC 1122 §3.3.2 leaves 60 to 120 s; Linux, and many routers, wait 30.
    static var timeoutIPv4: Interval { .seconds(30) }
    /// RFC 8200 §4.5.
    static var timeoutIPv6: Interval { .seconds(60) }

    func find(_ key: FragmentKey, _ place: UInt64) -> SlabIndex? {
        var probe = index.probe(place)
        while let slot = index.next(&probe) {
            guard let id = datagrams.index(at: Int(slot)) else { continue }
            if datagrams[id].key == key { return id }
        }
        return nil
    }

    /// The datagram that came first, nil when there is none.
    var first: SlabIndex? { datagrams.index(at: Int(oldest)) }

    mutating func insert(_ datagram: consuming PartialDatagram, _ place: UInt64) -> SlabIndex {
        let id = datagrams.insert(datagram)
        index.insert(id.place, hash: place)
        datagrams[id].older = newest
        if let before = datagrams.index(at: Int(newest)) {
            datagrams[before].newer = id.place
        } else {
            oldest = id.place
        }
        newest = id.place
        return id
    }

    mutating func remove(_ id: SlabIndex, _ place: UInt64) {
        index.remove(id.place, hash: place)
        let (older, newer) = (datagrams[id].older, datagrams[id].newer)
        if let before = datagrams.index(at: Int(older)) {
            datagrams[before].newer = newer
        } else {
            oldest = newer
        }
        if let after = datagrams.index(at: Int(newer)) {
            datagrams[after].older = older
        } else {
            newest = older
        }
        chunks &-= datagrams[id].chunks
        datagrams.remove(id)
    }

    /// Lets go of a datagram's bytes and remembers that it was given up.
    mutating func drop(_ id: SlabIndex) {
        datagrams[id].isDropped = true
        datagrams[id].bytes.removeAll()
        chunks &-= datagrams[id].chunks
        datagrams[id].chunks = 0
    }

    /// Copies the fragment's bytes to their place; whether there was memory.
    mutating func write(
        _ packet: borrowing Packet, _ fragment: ArrivedFragment, to id: SlabIndex
    ) -> Bool {
        let base = UInt32(truncatingIfNeeded: PartialDatagram.base)
        var isWritten =
            datagrams[id].bytes.write(
                packet, from: fragment.dataOffset, count: fragment.count,
                at: base &+ UInt32(truncatingIfNeeded: fragment.offset)) == fragment.count
        if fragment.isFirst, isWritten {
            isWritten =
                datagrams[id].bytes.write(
                    packet, from: 0, count: fragment.headerCount,
                    at: base &- UInt32(truncatingIfNeeded: fragment.headerCount))
                == fragment.headerCount
            datagrams[id].headerCount = fragment.headerCount
            datagrams[id].firstCount = fragment.count
            datagrams[id].nextHeader = fragment.nextHeader
            datagrams[id].protoOffset = fragment.protoOffset
        }
        let held = datagrams[id].bytes.chunkCount
        chunks &+= held &- datagrams[id].chunks
        datagrams[id].chunks = held
        return isWritten
    }

    /// How many chunks a datagram needs at most to take in a fragment.
    static func chunksNeeded(for fragment: ArrivedFragment) -> Int {
        let first = PartialDatagram.base &+ fragment.offset
        let last = first &+ fragment.count &- 1
        return last / BufferPools.chunkCount &- first / BufferPools.chunkCount &+ 1
    }
}
