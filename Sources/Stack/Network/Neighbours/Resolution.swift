import Memory
import Wire

/// From a neighbour's address to its link address, and whether it still answers: one machine for
/// ARP (RFC 826, RFC 1122 §2.3.2) and neighbour discovery (RFC 4861 §7).
extension NetworkLayer {
    func neighbourPlace(_ address: IPAddress, on id: InterfaceID) -> UInt64 {
        hash.place(address.high, address.low, UInt64(id.rawValue), 0, 0)
    }

    func neighbour(_ address: IPAddress, on id: InterfaceID) -> SlabIndex? {
        neighbours.find(address, on: id, neighbourPlace(address, on: id))
    }

    // MARK: - Packets for neighbours

    /// Sends `packet` to the neighbour at `address` as soon as its link address is known
    /// (RFC 4861 §7.2.2, §7.3.3).
    mutating func resolve(
        _ address: IPAddress, on id: InterfaceID, for packet: consuming Packet
    ) {
        guard case .ethernet(let own) = interfaces[id.rawValue].configuration.link else { return }
        guard let known = neighbour(address, on: id) else {
            guard let added = insert(address, on: id, in: .incomplete) else { return }
            wait(packet, for: added)
            solicit(added)
            return
        }
        if neighbours.entries[known].state == .incomplete {
            wait(packet, for: known)
            return
        }
        use(known)
        let type: EtherType = address.isIPv4 ? .ipv4 : .ipv6
        let target = neighbours.entries[known].linkAddress
        enqueue(packet, from: own, to: target, type: type, on: id)
    }

    private mutating func wait(_ packet: consuming Packet, for id: SlabIndex) {
        // Those who do not answer must not hold all memory.
        let limit = pools.capacity.frames / 4
        for _ in 0..<neighbours.wait(packet, for: id, limit: limit) {
            counters.count(.neighbourQueueFull)
        }
    }

    /// A packet leaves for a neighbour: one that nothing was heard of for long is asked in a while.
    private mutating func use(_ id: SlabIndex) {
        // The order of use is kept by the second: that is enough to tell who is in use.
        let list = neighbours.entries[id].link.list
        if list == .spare || list == .used && now - neighbours.entries[id].used > .seconds(1) {
            neighbours.move(id, to: .used)
            neighbours.entries[id].used = now
        }
        switch neighbours.entries[id].state {
        case .reachable where isFresh(id), .delay, .probe, .permanent, .incomplete: return
        case .reachable, .stale:
            neighbours.entries[id].state = .delay
            setTimer(of: id, NeighbourTimes.delay)
        }
    }

    /// Whether a confirmed neighbour was confirmed lately.
    func isFresh(_ id: SlabIndex) -> Bool {
        let interface = neighbours.entries[id].interface.rawValue
        return now - neighbours.entries[id].confirmed <= interfaces[interface].times.reachable
    }

    /// Counts a neighbour as used, although nothing is sent to it now: it is the way out.
    mutating func keep(_ id: SlabIndex) {
        guard neighbours.entries[id].state != .permanent,
            neighbours.entries[id].state != .incomplete
        else { return }
        neighbours.move(id, to: .used)
        neighbours.entries[id].used = now
    }

    // MARK: - Room

    /// Takes a neighbour into the table; nil where there is no room.
    private mutating func insert(
        _ address: IPAddress, on id: InterfaceID, in list: NeighbourList
    ) -> SlabIndex? {
        if list == .incomplete, let oldest = neighbours.oldestIncomplete { forget(oldest) }
        if neighbours.entries.count >= NeighbourTable.limit {
            guard let spare = neighbours.leastUseful(at: now) else {
                counters.count(.neighbourTableFull)
                return nil
            }
            forget(spare)
        }
        return neighbours.insert(
            Neighbour(interface: id, address: address), in: list,
            neighbourPlace(address, on: id))
    }

    /// Drops an entry; senders of what waited for it are told, once the table is at rest.
    mutating func forget(_ id: SlabIndex) {
        let address = neighbours.entries[id].address
        let interface = neighbours.entries[id].interface
        var gone = neighbours.remove(id, neighbourPlace(address, on: interface))
        if let timer = gone.timer { timers.cancel(timer) }
        while let packet = gone.waiting.popFirst() {
            unresolved.append(LoopedPacket(packet: packet, interface: interface))
        }
    }

    /// Sets a neighbour for good; whether there was room.
    mutating func setPermanent(
        _ address: IPAddress, at linkAddress: MACAddress, on id: InterfaceID
    ) -> Bool {
        var entry = neighbour(address, on: id)
        if entry == nil || entry.map({ neighbours.entries[$0].state }) != .permanent {
            guard neighbours.count(in: .none) < NeighbourTable.permanentLimit else { return false }
        }
        if entry == nil { entry = insert(address, on: id, in: .none) }
        guard let entry else { return false }
        stopTimer(of: entry)
        neighbours.entries[entry].state = .permanent
        neighbours.entries[entry].linkAddress = linkAddress
        let wasIncomplete = neighbours.entries[entry].link.list == .incomplete
        neighbours.move(entry, to: .none)
        guard wasIncomplete else { return true }
        while let packet = neighbours.nextWaiting(for: entry) {
            resolve(address, on: id, for: packet)
        }
        return true
    }

    // MARK: - Asking

    private mutating func setTimer(of id: SlabIndex, _ interval: Interval) {
        if let timer = neighbours.entries[id].timer { timers.cancel(timer) }
        neighbours.entries[id].timer = timers.schedule(
            TimerOwner(kind: .neighbour, index: id), at: now + interval)
    }

    private mutating func stopTimer(of id: SlabIndex) {
        if let timer = neighbours.entries[id].timer { timers.cancel(timer) }
        neighbours.entries[id].timer = nil
    }

    /// Asks for a neighbour's link address: everybody who might know, or in `.probe` itself
    /// (RFC 4861 §7.2.2, §7.3.3; RFC 1122 §2.3.2.1).
    private mutating func solicit(_ id: SlabIndex) {
        let interface = neighbours.entries[id].interface
        let target = neighbours.entries[id].address
        neighbours.entries[id].solicitations &+= 1
        setTimer(
            of: id,
            target.isIPv4
                ? NeighbourTimes.requestInterval : interfaces[interface.rawValue].times.retransmit)
        let known =
            neighbours.entries[id].state == .probe ? neighbours.entries[id].linkAddress : nil
        if target.isIPv4 {
            requestARP(target, at: known, on: interface)
        } else {
            solicitNeighbour(target.v6, at: known, on: interface)
        }
    }

    /// Nothing was heard in time (RFC 4861 §7.3.3).
    mutating func neighbourTimer(_ id: SlabIndex) {
        guard neighbours.entries.contains(id) else { return }
        neighbours.entries[id].timer = nil
        switch neighbours.entries[id].state {
        case .incomplete:
            if neighbours.entries[id].solicitations < NeighbourTimes.multicastLimit {
                solicit(id)
            } else {
                fail(id)
            }
        case .delay:
            neighbours.entries[id].state = .probe
            neighbours.entries[id].solicitations = 0
            solicit(id)
        case .probe:
            if neighbours.entries[id].solicitations < NeighbourTimes.unicastLimit {
                solicit(id)
            } else {
                fail(id)
            }
        case .reachable, .stale, .permanent: break
        }
    }

    /// A neighbour does not answer: packets find another way, or ask everybody anew.
    private mutating func fail(_ id: SlabIndex) {
        let (address, interface) = (
            neighbours.entries[id].address, neighbours.entries[id].interface
        )
        forget(id)
        redirects.forget(address, on: interface)
        if !address.isIPv4 { routerFailed(address, on: interface) }
    }

    // MARK: - Learning

    /// Takes up what a neighbour told of itself without being asked: known at `linkAddress`, not
    /// proved to be reachable (RFC 4861 §7.2.3).
    ///
    /// - Returns: The entry; nil where there is no room.
    @discardableResult
    mutating func noteNeighbour(
        _ address: IPAddress, at linkAddress: MACAddress, on id: InterfaceID
    ) -> SlabIndex? {
        guard !linkAddress.isMulticast, linkAddress != .zero else { return nil }
        if let known = neighbour(address, on: id) {
            let state = neighbours.entries[known].state
            guard state != .permanent else { return known }
            if state == .incomplete || neighbours.entries[known].linkAddress != linkAddress {
                setStale(known, linkAddress)
            }
            return known
        }
        guard let added = insert(address, on: id, in: .spare) else { return nil }
        setStale(added, linkAddress)
        return added
    }

    /// Known at `linkAddress`; whether packets get there is open.
    mutating func setStale(_ id: SlabIndex, _ linkAddress: MACAddress) {
        stopTimer(of: id)
        neighbours.entries[id].state = .stale
        neighbours.entries[id].linkAddress = linkAddress
        release(id)
    }

    /// Known at `linkAddress`, and packets get there.
    mutating func setReachable(_ id: SlabIndex, _ linkAddress: MACAddress) {
        stopTimer(of: id)
        neighbours.entries[id].state = .reachable
        neighbours.entries[id].linkAddress = linkAddress
        neighbours.entries[id].confirmed = now
        if neighbours.entries[id].isRouter {
            routerAnswered(neighbours.entries[id].address, on: neighbours.entries[id].interface)
        }
        release(id)
    }

    /// Sends what waited for a link address.
    private mutating func release(_ id: SlabIndex) {
        let list = neighbours.entries[id].link.list
        if list == .spare { neighbours.move(id, to: .spare) }
        guard list == .incomplete else { return }
        neighbours.move(id, to: .spare)
        let (address, interface) = (
            neighbours.entries[id].address, neighbours.entries[id].interface
        )
        // They leave as if they came now: a neighbour that is stale is then asked in a while.
        while let packet = neighbours.nextWaiting(for: id) {
            resolve(address, on: interface, for: packet)
        }
    }

    /// Confirms that packets reach the neighbour through which `destination` is reached: what was
    /// sent to it made progress (RFC 4861 §7.3.1).
    mutating func confirmReachability(of destination: IPAddress, on interface: InterfaceID?) {
        guard let hop = nextHop(to: destination, on: interface),
            let id = neighbour(hop.address, on: hop.interface)
        else { return }
        switch neighbours.entries[id].state {
        case .incomplete, .permanent: return
        case .reachable, .stale, .delay, .probe:
            setReachable(id, neighbours.entries[id].linkAddress)
        }
    }
}
