import Memory

/// One end of a connection within a host that keeps records apart: `AF_UNIX`, `SOCK_SEQPACKET`.
struct LocalSocket: ~Copyable {
    enum State {
        case idle
        case listening(backlog: Int)
        case connected
    }

    /// nil while it waits to be accepted.
    var endpoint: SlabIndex?
    var state = State.idle
    var name: LocalName?
    /// The other end; nil once that is gone.
    var peer: SlabIndex?
    /// Ends of connections that nobody has accepted yet.
    var waiting = Ring<SlabIndex>()
    /// Each a record.
    var records = Ring<Packet>()
    /// Bytes of memory in the records, and the bound of them.
    var occupied = 0
    var receiveBuffer: UInt32
    var error: StackError?
    /// No more is sent, no more is taken.
    var sendIsShut = false
    var receiveIsShut = false

    init(endpoint: SlabIndex?, receiveBuffer: UInt32) {
        self.endpoint = endpoint
        self.receiveBuffer = receiveBuffer
    }

    static func cost(_ record: borrowing Packet) -> Int {
        BufferPools.frameCount &+ record.countBehindHead
    }

    /// Whether a record of `count` bytes finds room; one always does.
    func hasRoom(for count: Int) -> Bool {
        records.isEmpty || occupied &+ BufferPools.frameCount &+ count <= Int(receiveBuffer)
    }

    mutating func append(_ record: consuming Packet) {
        occupied &+= Self.cost(record)
        records.append(record)
    }

    mutating func popFirst() -> Packet? {
        guard let record = records.popFirst() else { return nil }
        occupied &-= Self.cost(record)
        return record
    }
}
