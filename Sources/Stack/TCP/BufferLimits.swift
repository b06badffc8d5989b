import Memory
import Wire

/// How much a connection holds, as its application chose or as the host's configuration says.
///
/// Linux counts the memory that bytes take, of which half is theirs: the sizes that an application
/// chooses are halved here (`SO_RCVBUF`, `SO_SNDBUF`).
extension Connection {
    /// The most bytes held for the reader, and the largest window (`TCP_WINDOW_CLAMP`).
    func receiveLimit(_ configuration: TCPConfiguration) -> Int {
        guard !peculiar.isEmpty else { return configuration.receiveBuffer }
        let chosen = Int(peculiar[0].receiveBuffer)
        let limit = chosen == 0 ? configuration.receiveBuffer : chosen
        let clamp = Int(peculiar[0].options.windowClamp)
        return clamp == 0 ? limit : min(limit, clamp)
    }

    /// The most bytes held for the peer.
    func sendLimit(_ configuration: TCPConfiguration) -> Int {
        guard !peculiar.isEmpty, peculiar[0].sendBuffer > 0 else { return configuration.sendBuffer }
        return Int(peculiar[0].sendBuffer)
    }

    /// Bytes not yet sent beyond which no more are taken (`TCP_NOTSENT_LOWAT`).
    private var unsentLimit: Int {
        guard let limit = peculiar.first?.options.notSentLowWater, limit > 0 else { return .max }
        return Int(limit)
    }

    /// Bytes of the queue that were never sent.
    var unsentCount: Int { max(0, send.max.distance(to: queueEnd)) }

    /// Room for the application's bytes.
    func sendRoom(_ configuration: TCPConfiguration) -> Int {
        let room = max(0, sendLimit(configuration) &- sendQueue.count)
        let unsent = unsentLimit
        guard unsent < .max else { return room }
        // As on Linux the limit keeps the next segment back, not the rest of this one.
        return unsentCount >= unsent
            ? 0 : min(room, max(unsent &- unsentCount, Int(segmentSize)))
    }

    /// Whether there is so much room that the application is to be told: a third of the queue, and
    /// less than half of what may wait unsent.
    func hasRoomToTell(_ configuration: TCPConfiguration) -> Bool {
        let limit = sendLimit(configuration)
        guard sendQueue.count <= limit / 3 &* 2 else { return false }
        let unsent = unsentLimit
        return unsent == .max || unsentCount < (unsent &+ 1) / 2
    }

    /// Tells an application that found no room of what there is now.
    mutating func tellOfRoom(_ configuration: TCPConfiguration) {
        guard flags.contains(.wantsToSend), hasRoomToTell(configuration) else { return }
        flags.remove(.wantsToSend)
        events.insert(.writable)
    }

    /// Takes over the sizes that the application chose; what it did not stays the host's matter.
    mutating func adoptBuffers(_ options: EndpointOptions, _ configuration: TCPConfiguration) {
        guard options.isReceiveBufferChosen || options.isSendBufferChosen || !peculiar.isEmpty
        else { return }
        becomePeculiar(configuration)
        peculiar[0].receiveBuffer =
            options.isReceiveBufferChosen ? max(1, options.receiveBuffer / 2) : 0
        peculiar[0].sendBuffer = options.isSendBufferChosen ? max(1, options.sendBuffer / 2) : 0
    }

    /// Whether enough bytes wait to make the connection readable: those that `SO_RCVLOWAT` asks for,
    /// or as many as the window lets in.
    func isReadable(atLeast lowWater: Int32, _ configuration: TCPConfiguration) -> Bool {
        let count = receivableCount
        guard lowWater > 1 else { return count > 0 }
        let window = max(0, receive.nxt.distance(to: receive.edge))
        return count > 0 && (count >= Int(lowWater) || window <= Int(peerSegmentSize))
    }
}
