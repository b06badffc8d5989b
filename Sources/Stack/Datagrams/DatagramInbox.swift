import Memory
import Wire

/// A datagram that waits for its reader: what the reader gets is all of the packet.
struct QueuedDatagram: ~Copyable {
    var packet: Packet
    let source: SocketAddress
    let destination: SocketAddress
    let interface: InterfaceID
    let timeToLive: UInt8
    let trafficClass: UInt8
    /// When it came.
    let arrival: Instant
    /// Bytes in front of the payload that are kept for whoever asks: the options of an IPv4 header.
    var ipOptions: [UInt8] = []
    /// How many datagrams the endpoint had lost before for want of room.
    var drops: UInt32 = 0

    /// Bytes of memory that it occupies, as they count against the receive buffer.
    var occupied: Int { BufferPools.frameCount &+ packet.countBehindHead }
}

/// An error that a datagram met, and what is known of it. Linux's `sock_extended_err`.
public struct ReportedError: Equatable, Sendable {
    /// What calls fail with.
    public let reason: StackError
    /// Whom the datagram was meant for.
    public let destination: SocketAddress
    /// Who reported it: a router on the way, or the destination; nil when this host found out.
    public let reporter: IPAddress?
    /// Type and code of the ICMP message, 0 and 0 without one.
    public let type: UInt8
    public let code: UInt8
    /// What the next hop carries, in bytes, where the datagram was too big; else 0.
    public let mtu: Int
    /// What stood behind the ports in the packet: TCP's sequence number; of an echo its identifier
    /// and sequence number.
    public let sequence: UInt32
    /// What the datagram carried, as far as it was quoted.
    public let payload: [UInt8]
    /// When it was learnt of.
    public let arrival: Instant
}

/// What waits for the reader of a datagram endpoint, within its receive buffer: datagrams, and the
/// errors that earlier ones met.
struct DatagramInbox: ~Copyable {
    private(set) var queue = Ring<QueuedDatagram>()
    /// Bytes of memory in the queue.
    private(set) var occupied = 0
    /// Bytes for the reader in the queue.
    private(set) var byteCount = 0
    /// What the next call fails with.
    var error: StackError?
    /// Datagrams that found no room.
    private(set) var drops: UInt32 = 0
    private(set) var errors = Ring<ReportedError>()

    /// Errors that may wait; the oldest go first.
    static var errorLimit: Int { 64 }

    /// Takes in a datagram; whether there was room in a buffer of `limit` bytes. One datagram
    /// always finds room.
    mutating func append(_ datagram: consuming QueuedDatagram, limit: UInt32) -> Bool {
        let cost = datagram.occupied
        guard occupied == 0 || occupied &+ cost <= Int(limit) else {
            drops &+= 1
            return false
        }
        datagram.drops = drops
        occupied &+= cost
        byteCount &+= datagram.packet.count
        queue.append(datagram)
        return true
    }

    /// Takes the datagram that has waited longest.
    mutating func popFirst() -> QueuedDatagram? {
        guard let datagram = queue.popFirst() else { return nil }
        occupied &-= datagram.occupied
        byteCount &-= datagram.packet.count
        return datagram
    }

    /// Copies the datagram that has waited longest and leaves it where it is.
    func peek(into buffer: inout MutableSpan<UInt8>) throws(StackError) -> Host.Datagram {
        guard !queue.isEmpty else { throw .wouldBlock }
        let count = queue[0].packet.copy(from: 0, into: &buffer)
        return Host.Datagram(queue[0], count: count)
    }

    /// Keeps an error for `nextError`.
    mutating func keep(_ error: ReportedError) {
        if errors.count >= Self.errorLimit { _ = errors.popFirst() }
        errors.append(error)
    }

    /// Takes the error that was kept longest. As on Linux, what the next call fails with is then the
    /// next one that somebody reported, if there is any.
    mutating func nextError() -> ReportedError? {
        guard let taken = errors.popFirst() else { return nil }
        let next = errors.isEmpty || errors[0].reporter == nil ? nil : errors[0].reason
        if next != nil || taken.reporter != nil { error = next }
        return taken
    }

    /// Takes the error that the next call is to fail with.
    mutating func takeError() -> StackError? {
        let taken = error
        error = nil
        return taken
    }

    /// Bytes of the datagram that has waited longest, 0 where none waits.
    var firstCount: Int { queue.isEmpty ? 0 : queue[0].packet.count }

    /// What can be had without waiting.
    var readiness: Readiness {
        var ready: Readiness = .writable
        if !queue.isEmpty { ready.insert(.readable) }
        if error != nil || !errors.isEmpty { ready.insert(.error) }
        return ready
    }
}
