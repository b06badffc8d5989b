/// What a call received: POSIX `recvmsg`.
public struct ReceivedMessage: Sendable {
    /// Bytes copied to the caller: 0 at the end of a stream.
    public var count: Int
    /// Bytes that the message had: more than `count` where the rest was cut off.
    public var fullCount: Int
    /// Who sent it; nil where that has no name, as on streams.
    public var source: SocketName?
    /// What came beside the bytes, as options asked for.
    public var control: [ControlMessage]
    /// What is to be said of it: `truncated`, `controlTruncated`, `urgent`, `endOfRecord`,
    /// `errorQueue`.
    public var flags: MessageFlags

    public init(
        count: Int, fullCount: Int? = nil, source: SocketName? = nil,
        control: [ControlMessage] = [], flags: MessageFlags = []
    ) {
        self.count = count
        self.fullCount = fullCount ?? count
        self.source = source
        self.control = control
        self.flags = flags
    }
}
