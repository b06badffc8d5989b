import Equipment
import Memory
import Sockets
import Stack

/// Several who watch one link.
final class LinkWatchers: LinkWatcher {
    private let all: [any LinkWatcher]

    private init(_ all: [any LinkWatcher]) { self.all = all }

    /// One who stands for all of them; nil where there is none.
    static func of(_ watchers: [(any LinkWatcher)?]) -> (any LinkWatcher)? {
        let all = watchers.compactMap { $0 }
        return all.count > 1 ? LinkWatchers(all) : all.first
    }

    func packetLeaves(_ packet: borrowing Packet, _ fate: PacketFate) {
        for watcher in all { watcher.packetLeaves(packet, fate) }
    }

    func packetArrives(_ packet: borrowing Packet, _ fate: PacketFate) {
        for watcher in all { watcher.packetArrives(packet, fate) }
    }

    func hostTook(_ reason: DropReason?) {
        for watcher in all { watcher.hostTook(reason) }
    }
}
