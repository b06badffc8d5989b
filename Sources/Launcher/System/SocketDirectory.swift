/// The machine's AF_UNIX sockets.
enum SocketDirectory {
    /// Whether the socket `inode` exists: somebody holds it.
    static func contains(_ inode: UInt64) -> Bool {
        // Num RefCount Protocol Flags Type St Inode [Path]
        for line in Directory.text(of: "/proc/net/unix").split(separator: "\n").dropFirst() {
            let columns = line.split(separator: " ", maxSplits: 7)
            if columns.count >= 7, UInt64(columns[6]) == inode { return true }
        }
        return false
    }
}
