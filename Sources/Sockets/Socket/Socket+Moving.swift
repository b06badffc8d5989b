public import Devices

/// What moving bytes between a socket and a stream of the system's came to.
public enum MovedBytes: Equatable, Sendable {
    /// So many bytes went, at least one.
    case moved(Int)
    /// There is nothing to be moved now.
    case nothing
    /// Whoever is to have them has no room now.
    case noRoom
    /// Memory for them is short: it is to be tried again after a while.
    case noMemory
    /// The stream that they come from has ended.
    case ended
    /// The stream of the system's has failed, with this error number.
    case failed(CInt)
}

/// Bytes between connections and streams of the system's: as `sendNow` and `receiveNow`, but moved by
/// the system itself, from and to where they stand in the host's queues.
extension Socket {
    /// Sends bytes that `source` has, without waiting; at most `limit`, above 0.
    ///
    /// - Throws: What `sendNow` throws, but for `EAGAIN`.
    public func takeBytes(
        from source: SystemSocket, atMost limit: Int
    ) throws(SocketError) -> MovedBytes {
        try backing.takeBytes(from: source, atMost: limit)
    }

    /// Gives bytes that have come to `sink`, without waiting; at most `limit`, above 0.
    ///
    /// - Throws: What `receiveNow` throws, but for `EAGAIN`.
    public func giveBytes(
        to sink: SystemSocket, atMost limit: Int
    ) throws(SocketError) -> MovedBytes {
        try backing.giveBytes(to: sink, atMost: limit)
    }
}
