import Memory

/// How a message is taken.
public struct LocalReceiveOptions: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// It stays where it is (`MSG_PEEK`).
    public static let peek = LocalReceiveOptions(rawValue: 1 << 0)
    /// The caller would wait for one: then a datagram endpoint that takes no more has come to its
    /// end, where others are told that nothing is there.
    public static let wait = LocalReceiveOptions(rawValue: 1 << 1)
}

/// Bytes or a record of another endpoint of the host, and what came with them.
public struct ReceivedLocalMessage: Sendable {
    /// Bytes copied to the caller. 0 is the end of a stream, and of records the end or an empty one.
    public var count = 0
    /// Bytes that the record had: more than `count` where the rest was cut off.
    public var fullCount = 0
    /// The sender's name; nil for one without.
    public var source: LocalName?
    /// Whose it is, at an endpoint that asked for it.
    public var credentials: Credentials?
    /// What came along, now the caller's.
    public var attachments: [MessageAttachment] = []
}

/// Receiving within the host.
extension LocalLayer {
    mutating func receive(
        _ id: SlabIndex, into buffer: inout MutableSpan<UInt8>, _ options: LocalReceiveOptions
    ) throws(StackError) -> ReceivedLocalMessage {
        switch sockets[id].type {
        case .stream: return try receiveStream(id, into: &buffer, options)
        case .sequencedPacket:
            guard sockets[id].isConnected else { throw .notConnected }
            return try receiveRecord(id, into: &buffer, options)
        case .datagram: return try receiveRecord(id, into: &buffer, options)
        }
    }

    /// Bytes of as many messages as fit, but never of one that says something else of its sender,
    /// and of none behind one with attachments.
    private mutating func receiveStream(
        _ id: SlabIndex, into buffer: inout MutableSpan<UInt8>, _ options: LocalReceiveOptions
    ) throws(StackError) -> ReceivedLocalMessage {
        guard sockets[id].isConnected else { throw .invalidArgument }
        var result = ReceivedLocalMessage()
        guard !sockets[id].messages.isEmpty else {
            if let error = sockets[id].takeError() { throw error }
            guard sockets[id].receiveIsShut else { throw .wouldBlock }
            return result
        }
        let credentials = sockets[id].messages[0].credentials
        let asks = sockets[id].passesCredentials
        if asks { result.credentials = credentials ?? .unknown }
        result.source = sockets[id].messages[0].source
        let room = buffer.count
        var read = 0
        while read < sockets[id].messages.count, result.count < room {
            if asks, sockets[id].messages[read].credentials != credentials { break }
            result.attachments = sockets[id].messages[read].attachments
            let count = min(sockets[id].messages[read].count, room &- result.count)
            result.count &+= count
            let isWhole = count == sockets[id].messages[read].count
            if !options.contains(.peek) {
                sockets[id].messages[read].attachments = []
                sockets[id].messages[read].count &-= count
            }
            if isWhole { read &+= 1 }
            if !result.attachments.isEmpty || !isWhole { break }
        }
        _ = sockets[id].bytes.copy(from: 0, into: &buffer, atMost: result.count)
        result.fullCount = result.count
        guard !options.contains(.peek) else { return result }
        sockets[id].bytes.removeFirst(result.count)
        for _ in 0..<read {
            guard let message = sockets[id].messages.popFirst() else { break }
            settle(message)
        }
        return result
    }

    private mutating func receiveRecord(
        _ id: SlabIndex, into buffer: inout MutableSpan<UInt8>, _ options: LocalReceiveOptions
    ) throws(StackError) -> ReceivedLocalMessage {
        if let error = sockets[id].takeError() { throw error }
        guard !sockets[id].messages.isEmpty else {
            let isEnd = sockets[id].type == .sequencedPacket || options.contains(.wait)
            guard isEnd, sockets[id].receiveIsShut else { throw .wouldBlock }
            return ReceivedLocalMessage()
        }
        var result = ReceivedLocalMessage()
        result.fullCount = sockets[id].messages[0].count
        result.source = sockets[id].messages[0].source
        result.attachments = sockets[id].messages[0].attachments
        if sockets[id].passesCredentials {
            result.credentials = sockets[id].messages[0].credentials ?? .unknown
        }
        result.count = sockets[id].bytes.copy(from: 0, into: &buffer, atMost: result.fullCount)
        guard !options.contains(.peek) else { return result }
        let wasFull = sockets[id].isFull
        sockets[id].bytes.removeFirst(result.fullCount)
        if let message = sockets[id].messages.popFirst() { settle(message) }
        if wasFull { letGo(at: id) }
        return result
    }
}
