import Memory

/// Streams whose bytes the caller moves itself, from and to where they stand.
extension Host {
    /// Shows the bytes that wait for the reader, all but what stands behind an urgent byte, and lets go
    /// of as many as `body` says; how many those are. What POSIX `recv` does, without the copy.
    ///
    /// - Throws: As `receive`: `.wouldBlock` when none waits, the error that ended the connection,
    ///   `.notConnected`. At the end of the stream nothing is shown and 0 returned.
    public mutating func lendReceived(
        _ id: EndpointID, _ body: (borrowing ByteQueue, Int) -> Int
    ) throws(StackError) -> Int {
        guard case .connection(let key) = endpoints[id.index].role,
            tcp.connections[key].receivableCount > 0
        else {
            var none = InlineArray<1, UInt8>(repeating: 0)
            var span = none.mutableSpan
            return try receive(id, into: &span)
        }
        tcp.connections[key].passMark()
        let limit = tcp.connections[key].countBeforeMark
        let taken = min(limit, body(tcp.connections[key].receiveQueue, limit))
        guard taken > 0 else { return 0 }
        tcp.connections[key].receiveQueue.removeFirst(taken)
        tcp.connections[key].updateWindow(&network)
        tcp.settle(key, &network)
        return taken
    }

    /// Lets `body` put bytes behind those that wait for the peer, up to the number that it is given,
    /// and sends them; how many came. What POSIX `send` does, without the copy.
    ///
    /// - Throws: As `send`: `.wouldBlock` when the queue is full, the host's memory short or the
    ///   handshake under way; `.writable` is told when there is room again.
    public mutating func lendRoom(
        _ id: EndpointID, _ body: (inout ByteQueue, Int) -> Int
    ) throws(StackError) -> Int {
        let none = InlineArray<1, UInt8>(repeating: 0)
        _ = try enqueue(id, none.span.extracting(first: 0))
        let key = try connection(id)
        let room = network.hasMemoryToSend ? tcp.connections[key].sendRoom(network.tcp) : 0
        guard room > 0 else {
            tcp.connections[key].flags.insert(.wantsToSend)
            tcp.waitForMemory(key)
            throw .wouldBlock
        }
        let before = tcp.connections[key].sendQueue.count
        _ = body(&tcp.connections[key].sendQueue, room)
        let came = tcp.connections[key].sendQueue.count &- before
        guard came > 0 else { return 0 }
        tcp.connections[key].output(&network)
        tcp.settle(key, &network)
        return came
    }
}
