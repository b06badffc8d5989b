import CLinux
import Glibc

/// Which of the machine's AF_UNIX sockets there are: whether a program has closed one that it was
/// lent. For the launcher's one thread.
///
/// A socket is there while a process holds it, we too, and while it is on its way from one to
/// another. It costs 4 to 14 µs to ask for one, more where there are thousands, and about half a
/// microsecond for each of all (sock_diag(7)).
enum SocketDirectory {
    /// What is asked, -1 where the kernel does not answer: then it is read from /proc.
    private static let directory = max(clinux_directory_open(), -1)

    /// Whether the socket `inode` exists.
    static func contains(_ inode: UInt64) -> Bool {
        let answer = directory >= 0 ? clinux_directory_contains(directory, inode) : -1
        return answer >= 0 ? answer == 1 : listed().contains(inode)
    }

    /// All that exist.
    static func all() -> Set<UInt64> {
        guard directory >= 0 else { return listed() }
        var inodes = [UInt64](repeating: 0, count: 1_024)
        while true {
            // No more than there is room for is written, during the call.
            let count = unsafe clinux_directory_list(directory, &inodes, inodes.count)
            if count < 0 { return listed() }
            if count <= inodes.count { return Set(inodes[..<count]) }
            inodes = [UInt64](repeating: 0, count: count + count / 4)
        }
    }

    /// Those of `inodes` that exist, asked for in the cheaper way.
    static func existing(of inodes: some Collection<UInt64>) -> Set<UInt64> {
        guard inodes.count > 8 else { return Set(inodes.filter(contains)) }
        return all().intersection(inodes)
    }

    /// What /proc/net/unix lists.
    static func listed() -> Set<UInt64> {
        // Num RefCount Protocol Flags Type St Inode [Path]
        let lines = Directory.text(of: "/proc/net/unix").split(separator: "\n").dropFirst()
        return Set(
            lines.compactMap { line in
                let columns = line.split(separator: " ", maxSplits: 7)
                return columns.count >= 7 ? UInt64(columns[6]) : nil
            })
    }
}
