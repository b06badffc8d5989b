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

    /// The same, for calls that are often made on other files: those are left alone.
    var inodeByName: UInt64? {
        var inode: UInt64 = 0
        // Written during the call only.
        return unsafe clinux_named_socket_inode(thread, number, &inode) == 0 ? inode : nil
    }

    /// A descriptor of ours for the same socket, nil where it is not `inode` any more or the
    /// machine forbids it.
    func duplicate(of inode: UInt64) -> Descriptor? {
        let number = clinux_duplicate_descriptor(thread, self.number)
        guard number >= 0 else { return nil }
        let duplicate = Descriptor(owning: number)
        return SocketFile.inode(of: duplicate.number) == inode ? duplicate : nil
    }

    /// O_NONBLOCK, without fetching it.
    var isNonBlocking: Bool { clinux_does_not_block(thread, number) == 1 }

    var closesOnExec: Bool { clinux_closes_on_exec(thread, number) == 1 }

    /// Whoever holds the socket `inode`, among all processes whose descriptors we may see.
    static func search(for inode: UInt64) -> CallerDescriptor? {
        var found: CallerDescriptor?
        visitSockets { descriptor, candidate in
            if candidate == inode { found = descriptor }
            return found == nil
        }
        return found
    }

    /// The inodes of all sockets that other processes hold, as far as we may see.
    static func heldSockets() -> Set<UInt64> {
        var held: Set<UInt64> = []
        visitSockets { _, inode in
            held.insert(inode)
            return true
        }
        return held
    }

    /// Calls `body` with each socket of each other process, until it says false.
    private static func visitSockets(_ body: (CallerDescriptor, UInt64) -> Bool) {
        let ours = getpid()
        for process in Directory.numbers(in: "/proc") where process != ours {
            for number in Directory.numbers(in: "/proc/\(process)/fd") {
                let descriptor = CallerDescriptor(thread: process, number: number)
                if let inode = descriptor.inodeByName, !body(descriptor, inode) { return }
            }
        }
    }
}
