import CLinux
import Glibc

/// A descriptor of another process: the thread it was seen in and its number there.
struct CallerDescriptor {
    let thread: CInt
    let number: CInt

    /// The inode of the socket it refers to, nil where it is no socket.
    ///
    /// The inode is what names a socket: it survives dup, fork and passing, and a number that
    /// is used again refers to another one.
    var inode: UInt64? {
        var inode: UInt64 = 0
        // Written during the call only.
        return unsafe clinux_socket_inode(thread, number, &inode) == 0 ? inode : nil
    }

    /// A descriptor of ours for the same socket, nil where it is not `inode` any more or the
    /// machine forbids it.
    func duplicate(of inode: UInt64) -> Descriptor? {
        let number = clinux_duplicate_descriptor(thread, self.number)
        guard number >= 0 else { return nil }
        let duplicate = Descriptor(owning: number)
        return SocketFile.inode(of: duplicate.number) == inode ? duplicate : nil
    }

    var closesOnExec: Bool { clinux_closes_on_exec(thread, number) == 1 }

    /// Whoever holds the socket `inode`, among all processes whose descriptors we may see.
    static func search(for inode: UInt64) -> CallerDescriptor? {
        for process in Directory.numbers(in: "/proc") {
            for number in Directory.numbers(in: "/proc/\(process)/fd") {
                let candidate = CallerDescriptor(thread: process, number: number)
                if candidate.inode == inode, process != getpid() { return candidate }
            }
        }
        return nil
    }
}
