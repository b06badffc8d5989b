import Memory
import Wire

/// The sources of the datagrams that wait in a program's socket.
///
/// The datagrams themselves queue in the kernel, where the program may read them without our
/// knowing; how many bytes are left there tells which of them it has read.
struct DatagramList: ~Copyable {
    struct Entry {
        var count: Int
        var source: SocketAddress
        /// An error of the network's in place of a datagram, which is empty then.
        var error: SystemError?
    }

    private var entries = Ring<Entry>()
    private var total = 0

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

    /// The entry of the datagram of `count` bytes that is first in the socket.
    ///
    /// Empty datagrams before it were read: they leave no trace in the count of bytes.
    mutating func first(count: Int) -> Entry? {
        while !entries.isEmpty, entries[0].count != count { removeFirst() }
        return entries.isEmpty ? nil : entries[0]
    }

    mutating func removeFirst() {
        if let entry = entries.popFirst() { total -= entry.count }
    }
}
