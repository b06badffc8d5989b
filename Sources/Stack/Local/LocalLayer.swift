import Memory

/// Connections within a host that keep records apart. They touch no network: a record goes from
/// one end's hand into the other's queue, in memory of the host's pools.
struct LocalLayer: ~Copyable {
    var sockets = Slab<LocalSocket>()
    var raised = Ring<RaisedEvent>()

    /// The most bytes of a record.
    static var recordLimit: Int { 128 << 10 }

    mutating func add(_ endpoint: SlabIndex, receiveBuffer: UInt32) -> SlabIndex {
        sockets.insert(LocalSocket(endpoint: endpoint, receiveBuffer: receiveBuffer))
    }

    private mutating func raise(_ id: SlabIndex, _ events: Readiness) {
        guard let endpoint = sockets[id].endpoint else { return }
        raised.append(RaisedEvent(endpoint: endpoint, events: events))
    }

    private func find(_ name: LocalName) -> SlabIndex? {
        for place in 0..<sockets.placeCount {
            if let id = sockets.index(at: place), sockets[id].name == name { return id }
        }
        return nil
    }

    // MARK: - Connecting

    mutating func bind(_ id: SlabIndex, to name: LocalName) throws(StackError) {
        guard case .idle = sockets[id].state, sockets[id].name == nil else {
            throw .invalidArgument
        }
        guard find(name) == nil else { throw .addressInUse }
        sockets[id].name = name
    }

    mutating func listen(_ id: SlabIndex, backlog: Int) throws(StackError) {
        if case .connected = sockets[id].state { throw .invalidArgument }
        guard sockets[id].name != nil else { throw .invalidArgument }
        sockets[id].state = .listening(backlog: min(max(0, backlog), 4096))
    }

    /// Makes `id` and a new end connected, which waits for who listens at `name`.
    mutating func connect(_ id: SlabIndex, to name: LocalName) throws(StackError) {
        switch sockets[id].state {
        case .idle: break
        case .connected: throw .alreadyConnected
        case .listening: throw .invalidArgument
        }
        guard let listener = find(name), case .listening(let backlog) = sockets[listener].state
        else { throw .connectionRefused }
        guard sockets[listener].waiting.count <= backlog else { throw .wouldBlock }
        let room = sockets[listener].receiveBuffer
        let other = sockets.insert(LocalSocket(endpoint: nil, receiveBuffer: room))
        join(id, other)
        sockets[listener].waiting.append(other)
        raise(listener, .readable)
    }

    /// Connects two ends. POSIX `socketpair`.
    mutating func join(_ one: SlabIndex, _ other: SlabIndex) {
        sockets[one].peer = other
        sockets[one].state = .connected
        sockets[other].peer = one
        sockets[other].state = .connected
    }

    mutating func accept(_ id: SlabIndex) throws(StackError) -> SlabIndex {
        guard case .listening = sockets[id].state else { throw .invalidArgument }
        guard let accepted = sockets[id].waiting.popFirst() else { throw .wouldBlock }
        return accepted
    }

    // MARK: - Records

    mutating func send(
        _ record: Span<UInt8>, from id: SlabIndex, _ network: inout NetworkLayer
    ) throws(StackError) {
        guard case .connected = sockets[id].state else { throw .notConnected }
        if let error = sockets[id].takeError() { throw error }
        guard !sockets[id].sendIsShut, let peer = sockets[id].peer, !sockets[peer].receiveIsShut
        else { throw .brokenPipe }
        guard record.count <= Self.recordLimit else { throw .messageTooLong }
        guard sockets[peer].hasRoom(for: record.count) else { throw .wouldBlock }
        guard network.hasMemoryToQueue else {
            // With nothing on its way nobody would wake a sender that waits.
            throw sockets[peer].records.isEmpty ? .noBufferSpace : .wouldBlock
        }
        sockets[peer].append(try network.packet(headerCount: 0, payload: record))
        raise(peer, .readable)
    }

    /// Takes the next record; nil at the end.
    mutating func receive(_ id: SlabIndex) throws(StackError) -> Packet? {
        guard case .connected = sockets[id].state else { throw .notConnected }
        if let record = sockets[id].popFirst() {
            if let peer = sockets[id].peer { raise(peer, .writable) }
            return record
        }
        if let error = sockets[id].takeError() { throw error }
        guard isAtEnd(id) else { throw .wouldBlock }
        return nil
    }

    private func isAtEnd(_ id: SlabIndex) -> Bool {
        guard !sockets[id].receiveIsShut, let peer = sockets[id].peer else { return true }
        return sockets[peer].sendIsShut
    }

    // MARK: - The end

    mutating func shutSend(_ id: SlabIndex) throws(StackError) {
        guard case .connected = sockets[id].state else { throw .notConnected }
        sockets[id].sendIsShut = true
        raise(id, .writable)
        if let peer = sockets[id].peer { raise(peer, [.readable, .readHangup]) }
    }

    mutating func shutReceive(_ id: SlabIndex) throws(StackError) {
        guard case .connected = sockets[id].state else { throw .notConnected }
        sockets[id].receiveIsShut = true
        raise(id, .readable)
        if let peer = sockets[id].peer { raise(peer, .writable) }
    }

    /// Lets go of an end. What it had not read is lost, and its peer learns of that, as on Linux.
    mutating func close(_ id: SlabIndex) {
        var socket = sockets.remove(id)
        while let waiting = socket.waiting.popFirst() { close(waiting) }
        guard let peer = socket.peer else { return }
        sockets[peer].peer = nil
        if !socket.records.isEmpty { sockets[peer].error = .connectionReset }
        raise(peer, [.readable, .writable, .readHangup, .hangup])
    }

    /// What an end is ready for at this moment.
    func readiness(of id: SlabIndex) -> Readiness {
        switch sockets[id].state {
        case .idle: return [.writable, .hangup]
        case .listening: return sockets[id].waiting.isEmpty ? [] : .readable
        case .connected: break
        }
        var ready: Readiness = []
        if !sockets[id].records.isEmpty || isAtEnd(id) { ready.insert(.readable) }
        if isAtEnd(id) { ready.insert(.readHangup) }
        if sockets[id].error != nil { ready.insert(.error) }
        guard let peer = sockets[id].peer else {
            return ready.union([.writable, .hangup])
        }
        // As much room as a sender needs that was told to go on.
        if sockets[id].sendIsShut || sockets[peer].hasRoom(for: 0) { ready.insert(.writable) }
        return ready
    }
}

extension LocalSocket {
    fileprivate mutating func takeError() -> StackError? {
        let taken = error
        error = nil
        return taken
    }
}
