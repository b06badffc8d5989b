import Memory

/// How endpoints of a host find each other.
extension LocalLayer {
    /// - Throws: `.addressInUse`, `.invalidArgument` when it has a name.
    mutating func bind(_ id: SlabIndex, to name: LocalName) throws(StackError) {
        let isTaken = find(name, sockets[id].type) != nil
        // A path is made before it is given to anybody; so Linux sees first whether it exists.
        if isTaken, !name.isAbstract { throw .addressInUse }
        guard sockets[id].name == nil else { throw .invalidArgument }
        guard !isTaken else { throw .addressInUse }
        give(name, to: id)
    }

    /// Gives an endpoint that has no name one that nobody has.
    mutating func bindAutomatically(_ id: SlabIndex, from start: UInt32) throws(StackError) {
        guard sockets[id].name == nil else { return }
        for step in 0..<UInt32(1 << 20) {
            let name = LocalName(automatic: (start &+ step) & 0xF_FFFF)
            guard find(name, sockets[id].type) == nil else { continue }
            return give(name, to: id)
        }
        throw .addressInUse
    }

    mutating func listen(_ id: SlabIndex, backlog: Int) throws(StackError) {
        guard sockets[id].type != .datagram else { throw .notSupported }
        guard sockets[id].name != nil, !sockets[id].isConnected else { throw .invalidArgument }
        let limit = backlog < 0 ? 4096 : min(backlog, 4096)
        sockets[id].state = .listening(backlog: limit)
        sockets[id].peerCredentials = sockets[id].credentials
        letGo(at: id)
    }

    /// Connects a stream or sequenced packets to who listens at `name`, or fixes where datagrams
    /// go.
    mutating func connect(
        _ id: SlabIndex, to name: LocalName, _ network: borrowing NetworkLayer
    ) throws(StackError) {
        let other = try locate(name, sockets[id].type)
        guard sockets[id].type != .datagram else {
            guard accepts(other, from: id) else { throw .notPermitted }
            return setPeer(of: id, to: other)
        }
        guard sockets[other].isListening, !sockets[other].receiveIsShut else {
            throw .connectionRefused
        }
        guard !sockets[other].isFull else {
            hold(id, at: other)
            throw .wouldBlock
        }
        switch sockets[id].state {
        case .idle: break
        case .connected: throw .alreadyConnected
        case .listening: throw .invalidArgument
        }
        let accepted = add(nil, sockets[id].type, sockets[other].credentials, network)
        sockets[accepted].name = sockets[other].name
        sockets[accepted].passesCredentials = sockets[other].passesCredentials
        join(id, accepted)
        sockets[id].peerCredentials = sockets[other].peerCredentials
        sockets[other].waiting.append(accepted)
        raise(other, .readable)
        raise(id, [.writable, .room, .connected])
    }

    /// Who has `name`.
    ///
    /// - Throws: `.noSuchName` for a path, `.connectionRefused` for an abstract name that nobody
    ///   has; `.wrongType`.
    func locate(_ name: LocalName, _ type: LocalType) throws(StackError) -> SlabIndex {
        guard let other = find(name, type) else {
            throw name.isAbstract ? .connectionRefused : .noSuchName
        }
        guard sockets[other].type == type else { throw .wrongType }
        return other
    }

    /// Whether an endpoint takes datagrams of `sender`: one with a peer takes its peer's.
    func accepts(_ id: SlabIndex, from sender: SlabIndex) -> Bool {
        guard let peer = sockets[id].peer else { return true }
        return peer == sender
    }

    /// Says where datagrams go; nil for nowhere. What came from an earlier peer is lost, and if that
    /// one was connected here it learns of it.
    mutating func setPeer(of id: SlabIndex, to other: SlabIndex?) {
        if let old = sockets[id].peer, old != other {
            sockets[id].peer = nil
            if sockets.contains(old) { sockets[old].followers.removeAll { $0 == id } }
            leave(id, old)
        }
        guard let other, sockets[id].peer != other else { return }
        sockets[id].peer = other
        sockets[other].followers.append(id)
        raise(id, [.writable, .room])
    }

    /// Loses what came from a peer that is no longer one.
    mutating func leave(_ id: SlabIndex, _ old: SlabIndex) {
        guard !sockets[id].messages.isEmpty else { return }
        dropMessages(of: id)
        letGo(at: id)
        guard sockets.contains(old), sockets[old].peer == id else { return }
        sockets[old].error = .connectionReset
        raise(old, [.error, .room])
    }

    /// Connects two ends. POSIX `socketpair`.
    mutating func join(_ one: SlabIndex, _ other: SlabIndex) {
        sockets[one].peer = other
        sockets[other].peer = one
        sockets[one].peerCredentials = sockets[other].credentials
        sockets[other].peerCredentials = sockets[one].credentials
        if sockets[one].type == .datagram {
            sockets[one].followers.append(other)
            sockets[other].followers.append(one)
        } else {
            sockets[one].state = .connected
            sockets[other].state = .connected
        }
    }

    /// Takes an end that waits at a listener.
    ///
    /// - Throws: `.wouldBlock` when none waits; `.invalidArgument` for what does not listen, and
    ///   for who would wait at a listener that takes no more.
    mutating func accept(_ id: SlabIndex) throws(StackError) -> SlabIndex {
        guard sockets[id].type != .datagram else { throw .notSupported }
        guard sockets[id].isListening else { throw .invalidArgument }
        guard let accepted = sockets[id].waiting.popFirst() else {
            throw sockets[id].receiveIsShut ? .invalidArgument : .wouldBlock
        }
        letGo(at: id)
        return accepted
    }

    /// The name of an endpoint's peer; nil for one without.
    ///
    /// - Throws: `.notConnected`.
    func peerName(of id: SlabIndex) throws(StackError) -> LocalName? {
        guard let peer = sockets[id].peer else { throw .notConnected }
        return sockets.contains(peer) ? sockets[peer].name : sockets[id].lastPeerName
    }
}
