import Memory

/// Every socket the program holds of us, found by inode.
struct SocketRegistry: ~Copyable {
    private var sockets = Slab<BorrowedSocket>()
    private var byInode: [UInt64: SlabIndex] = [:]
    /// Sockets that are looked for often: they have ports that others may want.
    private(set) var listening: Set<SlabIndex> = []
    private var sweepCount = 256

    var count: Int { sockets.count }

    subscript(index: SlabIndex) -> BorrowedSocket {
        _read { yield sockets[index] }
        _modify { yield &sockets[index] }
    }

    func contains(_ index: SlabIndex) -> Bool { sockets.contains(index) }

    func find(inode: UInt64) -> SlabIndex? { byInode[inode] }

    mutating func insert(_ socket: consuming BorrowedSocket) -> SlabIndex {
        let inode = socket.inode
        let index = sockets.insert(socket)
        if inode != 0 { byInode[inode] = index }
        return index
    }

    /// The program's socket is known now, or was replaced by one with another inode.
    mutating func rename(_ index: SlabIndex, inode: UInt64) {
        byInode[sockets[index].inode] = nil
        sockets[index].inode = inode
        byInode[inode] = index
    }

    /// Has the socket looked for often: it has a port, and no end of ours that would hang up.
    mutating func watchForEnd(_ index: SlabIndex) { listening.insert(index) }

    mutating func unwatchForEnd(_ index: SlabIndex) { listening.remove(index) }

    mutating func remove(_ index: SlabIndex) -> BorrowedSocket {
        listening.remove(index)
        let socket = sockets.remove(index)
        if byInode[socket.inode] == index { byInode[socket.inode] = nil }
        return socket
    }

    /// Every socket.
    var indices: [SlabIndex] {
        (0..<sockets.placeCount).compactMap { sockets.index(at: $0) }
    }

    /// Whether it is time to look at all sockets for those that no process holds any more: their
    /// number has doubled since the last time.
    ///
    /// The kernel tells us when a connected socket is closed, but not of one that never was.
    mutating func isSweepDue() -> Bool { count >= sweepCount }

    mutating func noteSweep() { sweepCount = max(256, count * 2) }
}
