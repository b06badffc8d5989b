import CLinux
import Glibc
import Memory
import Sockets

/// How connections come to a socket of the program's that listens: it listens as an AF_UNIX socket
/// too, under a name of the kernel's choosing, and an end of ours is connected to it for each
/// connection that the network has.
struct Handover {
    private let name: AbstractName
    /// Connections that the program may leave waiting, as it has said.
    var backlog: Int
    /// Connections that wait in the program's socket.
    var waiting = 0
    /// Connections that were taken out of it and not handed over, first come first.
    var returned: [Accepted] = []

    /// A connection as the program will hold it.
    struct Accepted {
        let program: Descriptor
        let index: SlabIndex
    }

    /// Makes the program's socket listen.
    init(_ program: CInt, backlog: Int) throws(SocketError) {
        name = try AbstractName.bind(program)
        self.backlog = backlog
        guard listen(program, 4_096) == 0 else { throw SocketError(errno) }
    }

    var hasRoom: Bool { waiting <= backlog }

    /// Connects an end of ours, which bears the number of the connection in its name.
    func connect(_ index: SlabIndex) throws(SocketError) -> Descriptor {
        let end = try SocketFile.make(SOCK_STREAM, nonBlocking: true)
        try Self.name(of: index).bind(end.number)
        try name.connect(end.number)
        return end
    }

    /// Connects something that is no connection: so the program's socket polls readable.
    func knock() {
        guard let end = try? SocketFile.make(SOCK_STREAM, nonBlocking: true) else { return }
        try? name.connect(end.number)
    }

    /// Takes the next connection out of the program's socket, nil when none waits.
    mutating func accept(_ program: CInt, nonBlocking: Bool) throws(SocketError) -> Accepted? {
        if !returned.isEmpty {
            let first = returned.removeFirst()
            SocketFile.setNonBlocking(first.program.number, nonBlocking)
            return first
        }
        // The program's socket may be one that waits, and we must not.
        while SocketFile.isReadable(program) {
            let accepted = try Descriptor(result: clinux_accept(program))
            SocketFile.setNonBlocking(accepted.number, nonBlocking)
            // Strangers, and knocks, bear no number of ours.
            if let index = Self.index(of: accepted.number) {
                waiting -= 1
                return Accepted(program: accepted, index: index)
            }
        }
        return nil
    }

    private static func name(of index: SlabIndex) -> AbstractName {
        AbstractName("sockeye/\(getpid())/\(index.place)/\(index.generation)")
    }

    private static func index(of accepted: CInt) -> SlabIndex? {
        guard SocketFile.peerProcess(of: accepted) == getpid(),
            let name = try? AbstractName(of: accepted, ofPeer: true)
        else { return nil }
        let parts = name.text.split(separator: "/")
        guard parts.count == 4, let place = UInt32(parts[2]), let generation = UInt32(parts[3])
        else { return nil }
        return SlabIndex(place: place, generation: generation)
    }
}
