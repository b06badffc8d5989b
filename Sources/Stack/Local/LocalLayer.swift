import Memory

/// What endpoints of a host say to each other (unix(7)). It touches no network: a message goes from
/// one end's hand into the other's queue, in memory of the host's pools.
struct LocalLayer: ~Copyable {
    var sockets = Slab<LocalSocket>()
    var names = HashIndex()
    var raised = Ring<RaisedEvent>()
    /// Attachments of messages that nobody will read.
    var released: [MessageAttachment] = []
    /// Whose the next endpoint is.
    var credentials = Credentials()

    /// Linux's `wmem_default`.
    static var defaultSendBuffer: UInt32 { 212_992 }
    /// One datagram more may wait than this (`max_dgram_qlen`).
    static var datagramLimit: Int { 10 }

    mutating func add(
        _ endpoint: SlabIndex?, _ type: LocalType, _ credentials: Credentials,
        _ network: borrowing NetworkLayer
    ) -> SlabIndex {
        sockets.insert(
            LocalSocket(endpoint: endpoint, type, credentials, bytes: network.pools.queue()))
    }

    mutating func raise(_ id: SlabIndex, _ events: Readiness) {
        guard sockets.contains(id), let endpoint = sockets[id].endpoint else { return }
        raised.append(RaisedEvent(endpoint: endpoint, events: events))
    }

    // MARK: - Names

    /// Who has a name. A path is one name for all types, an abstract name is one for each.
    func find(_ name: LocalName, _ type: LocalType) -> SlabIndex? {
        var probe = names.probe(name.hash)
        while let place = names.next(&probe) {
            guard let id = sockets.index(at: Int(place)), sockets[id].name == name,
                !name.isAbstract || sockets[id].type == type
            else { continue }
            return id
        }
        return nil
    }

    mutating func give(_ name: LocalName, to id: SlabIndex) {
        sockets[id].name = name
        sockets[id].ownsName = true
        names.insert(id.place, hash: name.hash)
    }

    private mutating func forgetName(_ id: SlabIndex) {
        guard sockets[id].ownsName, let name = sockets[id].name else { return }
        names.remove(id.place, hash: name.hash)
        sockets[id].ownsName = false
    }

    mutating func setSendBuffer(of id: SlabIndex, _ count: UInt32) {
        guard sockets[id].sendBuffer != count else { return }
        sockets[id].sendBuffer = count
        raise(id, [.writable, .room])
    }

    // MARK: - Readiness

    /// What an end is ready for at this moment, as Linux's `poll` has it.
    func readiness(of id: SlabIndex) -> Readiness {
        var ready: Readiness = []
        if sockets[id].error != nil { ready.insert(.error) }
        if sockets[id].receiveIsShut { ready.formUnion([.readable, .readHangup]) }
        if sockets[id].receiveIsShut, sockets[id].sendIsShut { ready.insert(.hangup) }
        if !sockets[id].messages.isEmpty || !sockets[id].waiting.isEmpty {
            ready.insert(.readable)
        }
        if sockets[id].type != .datagram, case .idle = sockets[id].state { ready.insert(.hangup) }
        let isFree = sockets[id].hasRoom && !sockets[id].isListening && !isAheadOfPeer(id)
        if isFree { ready.insert(.writable) }
        if isFree || sockets[id].sendIsShut || ready.contains(.error), !isHeld(id) {
            ready.insert(.room)
        }
        return ready
    }

    /// Whether a datagram endpoint has filled its peer's queue.
    private func isAheadOfPeer(_ id: SlabIndex) -> Bool {
        guard let peer = sockets[id].peer, sockets.contains(peer) else { return false }
        return isBlocked(id, by: peer)
    }

    /// Whether a queue that is not for `id` alone has no place for it.
    func isBlocked(_ id: SlabIndex, by other: SlabIndex) -> Bool {
        other != id && sockets[other].peer != id && sockets[other].isFull
    }

    private func isHeld(_ id: SlabIndex) -> Bool {
        guard let holder = sockets[id].heldBy, sockets.contains(holder) else { return false }
        return !sockets[holder].receiveIsShut && isBlocked(id, by: holder)
    }

    /// Notes that `id` waits for room at `other`.
    mutating func hold(_ id: SlabIndex, at other: SlabIndex) {
        guard sockets[id].heldBy != other || !sockets[other].held.contains(id) else { return }
        sockets[id].heldBy = other
        sockets[other].held.append(id)
    }

    /// Tells those who wait for room at `id` that there may be some.
    mutating func letGo(at id: SlabIndex) {
        let held = sockets[id].held
        sockets[id].held = []
        for index in held.indices where sockets.contains(held[index]) {
            if sockets[held[index]].heldBy == id { sockets[held[index]].heldBy = nil }
            raise(held[index], .room)
        }
        let followers = sockets[id].followers
        for index in followers.indices { raise(followers[index], [.writable, .room]) }
    }

    /// Takes a message off its sender's account.
    mutating func settle(_ message: borrowing LocalMessage) {
        let sender = message.sender
        guard sockets.contains(sender) else { return }
        sockets[sender].charged &-= message.charge
        if sockets[sender].hasRoom { raise(sender, [.writable, .room]) }
    }

    // MARK: - The end

    /// Ends directions of an endpoint; of a connection the other side's too. POSIX `shutdown`, which
    /// refuses nothing here.
    mutating func shut(_ id: SlabIndex, receiving: Bool, sending: Bool) {
        shutOne(id, receiving: receiving, sending: sending)
        if receiving { letGo(at: id) }
        guard sockets[id].type != .datagram, let peer = sockets[id].peer, sockets.contains(peer)
        else { return }
        shutOne(peer, receiving: sending, sending: receiving)
    }

    private mutating func shutOne(_ id: SlabIndex, receiving: Bool, sending: Bool) {
        var events: Readiness = .room
        if receiving {
            sockets[id].receiveIsShut = true
            events.formUnion([.readable, .readHangup])
        }
        if sending {
            sockets[id].sendIsShut = true
            events.insert(.writable)
        }
        if sockets[id].receiveIsShut, sockets[id].sendIsShut { events.insert(.hangup) }
        raise(id, events)
    }

    /// Lets go of an end. What it had not read is lost, and the peer of a connection learns of that.
    ///
    /// - Parameter isRefused: Whether it never was anybody's: its listener went.
    mutating func close(_ id: SlabIndex, isRefused: Bool = false) {
        forgetName(id)
        let isUnread = !sockets[id].messages.isEmpty
        dropMessages(of: id)
        while let waiting = sockets[id].waiting.popFirst() { close(waiting, isRefused: true) }
        letGo(at: id)
        let socket = sockets.remove(id)
        guard let peer = socket.peer, sockets.contains(peer), peer != id else { return }
        guard socket.type != .datagram else {
            sockets[peer].followers.removeAll { $0 == id }
            return
        }
        sockets[peer].lastPeerName = socket.name
        if isUnread || isRefused { sockets[peer].error = .connectionReset }
        shutOne(peer, receiving: true, sending: true)
        if isUnread || isRefused { raise(peer, .error) }
    }

    /// Loses what nobody will read.
    mutating func dropMessages(of id: SlabIndex) {
        while let message = sockets[id].messages.popFirst() {
            for index in message.attachments.indices {
                released.append(message.attachments[index])
            }
            settle(message)
        }
        sockets[id].bytes.removeAll()
    }
}
