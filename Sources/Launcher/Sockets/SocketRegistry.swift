import Memory

/// Every socket the program holds of us, found by inode and by flow.
struct SocketRegistry: ~Copyable {
    private var sockets = Slab<BorrowedSocket>()
    private var byInode: [UInt64: SlabIndex] = [:]
    private var byFlow: [FlowID: SlabIndex] = [:]
    private var sweepCount = 256

    var count: Int { sockets.count }

    subscript(index: SlabIndex) -> BorrowedSocket {
        _read { yield sockets[index] }
        _modify { yield &sockets[index] }
    }

    func contains(_ index: SlabIndex) -> Bool { sockets.contains(index) }

    func find(inode: UInt64) -> SlabIndex? { byInode[inode] }
    func find(flow: FlowID) -> SlabIndex? { byFlow[flow] }

    mutating func insert(_ socket: consuming BorrowedSocket) -> SlabIndex {
        let inode = socket.inode
        let index = sockets.insert(socket)
        byInode[inode] = index
        return index
    }

    mutating func attach(_ flow: FlowID, to index: SlabIndex) {
        sockets[index].flow = flow
        byFlow[flow] = index
    }

    /// Forgets the flow of a socket and gives its name back.
    mutating func detachFlow(_ index: SlabIndex) -> FlowID? {
        guard let flow = sockets[index].flow else { return nil }
        sockets[index].flow = nil
        byFlow[flow] = nil
        return flow
    }

    /// The program's socket was replaced by one with another inode.
    mutating func rename(_ index: SlabIndex, inode: UInt64) {
        byInode[sockets[index].inode] = nil
        sockets[index].inode = inode
        byInode[inode] = index
    }

    mutating func remove(_ index: SlabIndex) -> BorrowedSocket {
        let socket = sockets.remove(index)
        if byInode[socket.inode] == index { byInode[socket.inode] = nil }
        if let flow = socket.flow { byFlow[flow] = nil }
        return socket
    }

    /// Sockets without an end of ours that no process holds any more.
    ///
    /// The kernel tells us when a connected socket is closed, but not of one that never was: those
    /// are looked for in /proc/net/unix, when their number has doubled since the last time. One
    /// that we hold too lives as long as we do, and is looked for in the processes themselves.
    mutating func abandoned() -> [SlabIndex] {
        guard count >= sweepCount else { return [] }
        let living = Self.livingInodes()
        guard !living.isEmpty else {
            sweepCount = count * 2
            return []
        }
        var held: Set<UInt64>?
        var abandoned: [SlabIndex] = []
        for place in 0..<sockets.placeCount {
            guard let index = sockets.index(at: place) else { continue }
            let inode = sockets[index].inode
            let isHeld =
                if sockets[index].duplicate == nil {
                    sockets[index].end != nil || living.contains(inode)
                } else {
                    Self.contains(&held, inode)
                }
            if !isHeld { abandoned.append(index) }
        }
        sweepCount = max(256, (count - abandoned.count) * 2)
        return abandoned
    }

    /// Whether a process holds the socket `inode`; who holds what is looked up the first time.
    private static func contains(_ held: inout Set<UInt64>?, _ inode: UInt64) -> Bool {
        let all = held ?? CallerDescriptor.heldSockets()
        held = all
        return all.contains(inode)
    }

    private static func livingInodes() -> Set<UInt64> {
        // Num RefCount Protocol Flags Type St Inode [Path]
        var inodes: Set<UInt64> = []
        for line in Directory.text(of: "/proc/net/unix").split(separator: "\n").dropFirst() {
            let columns = line.split(separator: " ", maxSplits: 7)
            if columns.count >= 7, let inode = UInt64(columns[6]) { inodes.insert(inode) }
        }
        return inodes
    }
}
