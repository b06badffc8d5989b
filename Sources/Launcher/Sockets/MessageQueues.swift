import Memory
import Sockets

/// The messages of a socket on their way: those in the program's socket, with what is known of
/// each, and in each direction one that has found no room.
///
/// The messages themselves queue in the kernel, where the program may read them without our
/// knowing; how many bytes are left there tells which of them it has read.
struct MessageQueues: ~Copyable {
    struct Entry {
        /// The bytes in the program's socket.
        var count: Int
        /// The bytes that the message had.
        var fullCount: Int
        var source: SocketName?
        var control: [ControlMessage] = []
        var flags: MessageFlags = []
        /// An error of the network's in place of a message, which is empty then.
        var error: SocketError?
    }

    /// A message that the program's socket has no room for.
    struct HeldArrival {
        let buffer: TransferBuffer
        let entry: Entry
    }

    private var entries = Ring<Entry>()
    private var total = 0
    var arrival: HeldArrival?
    /// What the program has written and the network has no room for.
    var departure: TransferBuffer?

    mutating func append(_ entry: Entry) {
        entries.append(entry)
        total += entry.count
    }

    /// Forgets what the program has read meanwhile, where `unread` bytes are left.
    mutating func forgetRead(unread: Int) {
        while total > unread { removeFirst() }
    }

    mutating func removeAll() {
        while !entries.isEmpty { removeFirst() }
    }

    /// The entry of the message of `count` bytes that is first in the socket.
    ///
    /// Empty messages before it were read: they leave no trace in the count of bytes.
    mutating func first(count: Int) -> Entry? {
        while !entries.isEmpty, entries[0].count != count { removeFirst() }
        return entries.isEmpty ? nil : entries[0]
    }

    /// Whether an error waits among the messages, as far as is known.
    var hasError: Bool {
        for place in 0..<entries.count where entries[place].error != nil { return true }
        return false
    }

    mutating func removeFirst() {
        if let entry = entries.popFirst() { total -= entry.count }
    }

    /// Gives the buffers back.
    mutating func stop(_ buffers: inout BufferPool) {
        if let arrival { buffers.giveBack(arrival.buffer) }
        if let departure { buffers.giveBack(departure) }
        arrival = nil
        departure = nil
    }
}
