import Memory
import Wire

/// Fragments on their way in: put together to what was sent (RFC 791 §3.2, RFC 815, RFC 8200 §4.5).
///
/// Both families are strict: a datagram of which bytes come twice is dropped as a whole, and so is
/// what comes of it later (RFC 5722 §4); Linux does so for IPv4 too since 2018. Only a fragment that
/// has come before, cut in the same way, is a duplicate that harms nobody (RFC 8200 §4.5).
extension NetworkLayer {
    /// Takes in a fragment that is well-formed by itself; the datagram, if it is whole with it.
    mutating func reassemble(
        _ packet: consuming Packet, _ fragment: ArrivedFragment
    ) -> Packet? {
        counters.count(.fragmentsReceived)
        let place = fragment.key.place(hash)
        let id: SlabIndex
        if let known = reassembly.find(fragment.key, place) {
            id = known
        } else {
            id = openDatagram(fragment, place)
        }
        guard !reassembly.datagrams[id].isDropped else {
            counters.count(.fragmentOfDropped)
            return nil
        }
        guard note(fragment, in: id) else { return nil }
        guard makeRoom(for: fragment, besides: id), reassembly.write(packet, fragment, to: id)
        else {
            drop(id, .fragmentMemory)
            return nil
        }
        guard reassembly.datagrams[id].isWhole else { return nil }
        guard reassembly.datagrams[id].isConsistent else {
            drop(id, .fragmentMalformed)
            return nil
        }
        let whole = reassembly.datagrams[id].assemble(pools)
        close(id, place)
        guard let whole else {
            counters.count(.noBuffer)
            return nil
        }
        counters.count(.datagramsReassembled)
        return whole
    }

    /// Enters a fragment into the datagram's books; whether its bytes are to be kept.
    private mutating func note(_ fragment: ArrivedFragment, in id: SlabIndex) -> Bool {
        reassembly.datagrams[id].fragments &+= 1
        guard reassembly.datagrams[id].fragments <= ReassemblyTable.fragmentLimit else {
            drop(id, .fragmentTooMany)
            return false
        }
        // The end is said once and for all: nothing stands behind it.
        let known = reassembly.datagrams[id].end
        let reached = max(reassembly.datagrams[id].runs.end, fragment.end)
        if !fragment.hasMore {
            guard known == nil || known == fragment.end, reached <= fragment.end else {
                drop(id, .fragmentOverlap)
                return false
            }
            reassembly.datagrams[id].end = fragment.end
        } else if let known, fragment.end > known {
            drop(id, .fragmentOverlap)
            return false
        }
        switch reassembly.datagrams[id].runs.insert(from: fragment.offset, to: fragment.end) {
        case .added:
            reassembly.datagrams[id].marks |= 1 << fragment.ecn.rawValue
            return true
        case .duplicate:
            counters.count(.fragmentDuplicate)
        case .overlap:
            drop(id, .fragmentOverlap)
        case .full:
            drop(id, .fragmentTooMany)
        }
        return false
    }

    // MARK: - The table

    private mutating func openDatagram(_ fragment: ArrivedFragment, _ place: UInt64) -> SlabIndex {
        if reassembly.datagrams.count >= ReassemblyTable.datagramLimit,
            let oldest = reassembly.first
        {
            evict(oldest)
        }
        let id = reassembly.insert(
            PartialDatagram(fragment.key, on: fragment.interface, pools.sparseBytes()), place)
        let timeout =
            fragment.key.source.isIPv4
            ? ReassemblyTable.timeoutIPv4 : ReassemblyTable.timeoutIPv6
        reassembly.datagrams[id].timer = timers.schedule(
            TimerOwner(kind: .reassembly, index: id), at: now + timeout)
        return id
    }

    /// Makes room for a fragment at the cost of the oldest datagrams; whether there is some.
    private mutating func makeRoom(for fragment: ArrivedFragment, besides id: SlabIndex) -> Bool {
        let needed = ReassemblyTable.chunksNeeded(for: fragment)
        let limit = ReassemblyTable.chunkLimit(pools)
        while reassembly.chunks &+ needed > limit || !hasMemoryToReorder {
            guard let oldest = reassembly.first, oldest != id else { break }
            evict(oldest)
        }
        return reassembly.chunks &+ needed <= limit
    }

    private mutating func evict(_ id: SlabIndex) {
        if !reassembly.datagrams[id].isDropped { counters.count(.fragmentMemory) }
        close(id, reassembly.datagrams[id].key.place(hash))
    }

    /// Gives a datagram up, for `reason`, until its time is over.
    private mutating func drop(_ id: SlabIndex, _ reason: DropReason) {
        counters.count(reason)
        reassembly.drop(id)
    }

    private mutating func close(_ id: SlabIndex, _ place: UInt64) {
        if let timer = reassembly.datagrams[id].timer { timers.cancel(timer) }
        reassembly.remove(id, place)
    }

    /// The time of a datagram is over. Its sender is told, if the first fragment has come
    /// (RFC 792, RFC 1122 §3.3.2, RFC 8200 §4.5).
    mutating func reassemblyTimer(_ id: SlabIndex) {
        guard reassembly.datagrams.contains(id) else { return }
        reassembly.datagrams[id].timer = nil
        let place = reassembly.datagrams[id].key.place(hash)
        let interface = reassembly.datagrams[id].interface
        if !reassembly.datagrams[id].isDropped { counters.count(.fragmentTimeout) }
        let quoted = reassembly.datagrams[id].firstFragment(pools)
        close(id, place)
        guard let quoted else { return }
        sendError(.reassemblyTimeExceeded, about: quoted, on: interface)
    }
}
