import Memory

/// A message on its way.
struct LocalSend {
    /// Where it goes; nil for the peer.
    var destination: LocalName?
    var attachments: [MessageAttachment] = []
    /// Whose it is said to be; nil for the endpoint's own.
    var credentials: Credentials?
}

/// Sending within the host.
extension LocalLayer {
    /// Sends bytes of a stream, as many as there is room for, or a record, whole; how many bytes.
    mutating func send(
        _ content: Span<UInt8>, from id: SlabIndex, _ send: LocalSend,
        _ network: borrowing NetworkLayer
    ) throws(StackError) -> Int {
        if let claimed = send.credentials, claimed != sockets[id].credentials,
            sockets[id].credentials.userID != 0
        {
            throw .notPermitted
        }
        switch sockets[id].type {
        case .stream: return try sendStream(content, from: id, send, network)
        case .sequencedPacket:
            if let error = sockets[id].takeError() { throw error }
            guard sockets[id].isConnected else { throw .notConnected }
            var send = send
            send.destination = nil
            return try sendRecord(content, from: id, send, network)
        case .datagram: return try sendRecord(content, from: id, send, network)
        }
    }

    private mutating func sendStream(
        _ content: Span<UInt8>, from id: SlabIndex, _ send: LocalSend,
        _ network: borrowing NetworkLayer
    ) throws(StackError) -> Int {
        if send.destination != nil {
            throw sockets[id].isConnected ? .alreadyConnected : .notSupported
        }
        guard let peer = sockets[id].peer else { throw .notConnected }
        guard !sockets[id].sendIsShut, sockets.contains(peer) else { throw .brokenPipe }
        var attachments = send.attachments
        var taken = 0
        while taken < content.count {
            guard sockets[id].charged < Int(sockets[id].sendBuffer) else { break }
            let half = max(1, Int(sockets[id].sendBuffer) / 2 &- 64)
            let count = min(content.count &- taken, half, LocalCharge.streamPiece)
            let piece = content.extracting(taken..<taken &+ count)
            let message = LocalMessage(
                count: count, charge: LocalCharge.stream(count), sender: id,
                source: sockets[id].name, credentials: stamp(send, id, peer),
                attachments: attachments)
            guard hasMemory(for: count, network), put(message, piece, at: peer) else {
                guard taken == 0 else { break }
                throw shortage(id)
            }
            attachments = []
            taken &+= count
        }
        if taken == 0, !content.isEmpty { throw .wouldBlock }
        return taken
    }

    private mutating func sendRecord(
        _ content: Span<UInt8>, from id: SlabIndex, _ send: LocalSend,
        _ network: borrowing NetworkLayer
    ) throws(StackError) -> Int {
        guard content.count <= Int(sockets[id].sendBuffer) &- 32 else { throw .messageTooLong }
        if let error = sockets[id].takeError() { throw error }
        guard !sockets[id].sendIsShut else { throw .brokenPipe }
        guard sockets[id].charged < Int(sockets[id].sendBuffer) else { throw .wouldBlock }
        let other = try receiver(for: send, from: id)
        guard !sockets[other].receiveIsShut else { throw .brokenPipe }
        guard !isBlocked(id, by: other) else {
            hold(id, at: other)
            throw .wouldBlock
        }
        let message = LocalMessage(
            count: content.count, charge: LocalCharge.record(content.count), sender: id,
            source: sockets[id].name, credentials: stamp(send, id, other),
            attachments: send.attachments)
        guard hasMemory(for: content.count, network), put(message, content, at: other) else {
            throw shortage(id)
        }
        return content.count
    }

    /// Where a record goes.
    private mutating func receiver(
        for send: LocalSend, from id: SlabIndex
    ) throws(StackError) -> SlabIndex {
        if let name = send.destination {
            let other = try locate(name, sockets[id].type)
            guard accepts(other, from: id) else { throw .notPermitted }
            return other
        }
        guard let peer = sockets[id].peer else { throw .notConnected }
        guard sockets.contains(peer) else {
            sockets[id].peer = nil
            leave(id, peer)
            throw .connectionRefused
        }
        guard accepts(peer, from: id) else { throw .notPermitted }
        return peer
    }

    /// What a message says of its sender: nothing where neither side asked.
    private func stamp(_ send: LocalSend, _ id: SlabIndex, _ other: SlabIndex) -> Credentials? {
        if let claimed = send.credentials { return claimed }
        // Whoever accepts may ask for it yet.
        let isWanted =
            sockets[id].passesCredentials || sockets[other].passesCredentials
            || sockets[other].endpoint == nil
        return isWanted ? sockets[id].credentials : nil
    }

    private mutating func put(
        _ message: LocalMessage, _ content: Span<UInt8>, at other: SlabIndex
    ) -> Bool {
        let (sender, charge) = (message.sender, message.charge)
        guard sockets[other].append(message, content) else { return false }
        sockets[sender].charged &+= charge
        raise(other, .readable)
        return true
    }

    /// Leaves a quarter of the chunks to the network.
    private func hasMemory(for count: Int, _ network: borrowing NetworkLayer) -> Bool {
        let needed = count / BufferPools.chunkCount &+ 1
        let spare = network.pools.available.chunks &- network.pools.capacity.chunks / 4
        return count == 0 || spare >= needed
    }

    /// With nothing on its way nobody would wake a sender that waits.
    private func shortage(_ id: SlabIndex) -> StackError {
        sockets[id].charged == 0 ? .noBufferSpace : .wouldBlock
    }
}
