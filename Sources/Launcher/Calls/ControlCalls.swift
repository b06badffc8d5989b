import Glibc
import Memory
import Sockets

// ioctl(2): questions to a socket and about its network.

extension Supervisor {
    private enum Request {
        static var receivable: UInt { 0x541B }
        static var unsent: UInt { 0x5411 }
        static var interfaceList: UInt { 0x8912 }
        static var atMark: UInt { 0x8905 }
        /// Who is told by signals, and where the urgent byte is: the AF_UNIX socket knows.
        static var native: ClosedRange<UInt> { 0x8901...0x8905 }
        /// Beginning with those on routes.
        static var network: ClosedRange<UInt> { 0x890B...0x8BFF }
    }

    private func request(_ call: SystemCall) -> UInt { UInt(UInt32(bitPattern: call.int(1))) }

    /// Of a socket of ours.
    func ioctlCall(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        let request = request(call)
        let isStream = registry[index].isStream
        switch request {
        case Request.native where isStream || request != Request.atMark: return .carryOn
        case Request.receivable:
            if isStream { return .carryOn }
            return try give(Int32(clamping: try nextCount(index)), call)
        case Request.unsent:
            let inside = try registry[index].socket.control(request)
            let native = registry[index].end.map { SocketFile.unreadCount($0.number) } ?? 0
            let count = inside.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            return try give(Int32(clamping: count + native), call)
        default: return try ask(registry[index].socket, request, call)
        }
    }

    /// Of a socket that is none of ours: what it asks of the network is answered by the program's.
    func ioctlOfAnother(_ call: SystemCall) throws(SocketError) -> Reply {
        let request = request(call)
        guard Request.network.contains(request) else { return .carryOn }
        if inquirer == nil { inquirer = try Socket(.datagram, on: setting.network) }
        guard let inquirer else { return .carryOn }
        return try ask(inquirer, request, call)
    }

    private func ask(_ socket: Socket, _ request: UInt, _ call: SystemCall)
        throws(SocketError) -> Reply
    {
        if request == Request.interfaceList { return try listInterfaces(socket, call) }
        let count = ControlRequest.byteCount(of: request)
        let question = try call.memory.bytes(count, at: call.word(2))
        let answer = try socket.control(request, question)
        try call.memory.store(answer, at: call.word(2))
        return .success
    }

    /// `struct ifconf`: how many bytes there is room for, and where; without a place, how many it
    /// takes.
    private func listInterfaces(_ socket: Socket, _ call: SystemCall) throws(SocketError) -> Reply {
        let room = try call.memory.load(CInt.self, at: call.word(2))
        let place = try call.memory.load(UInt64.self, at: call.word(2) &+ 8)
        let all = try socket.control(Request.interfaceList)
        var count = all.count
        if place != 0 {
            // Whole entries only.
            count = min(count, max(0, Int(room)) / 40 * 40)
            try call.memory.store(all.prefix(count), at: place)
        }
        try call.memory.store(CInt(count), at: call.word(2))
        return .success
    }

    private func give(_ value: Int32, _ call: SystemCall) throws(SocketError) -> Reply {
        try call.memory.store(value, at: call.word(2))
        return .success
    }

    /// How many bytes the next message in the program's socket has.
    private func nextCount(_ index: SlabIndex) throws(SocketError) -> Int {
        guard let program = programEnd(index) else { throw SocketError(EBADF) }
        let buffer = buffers.take()
        defer { buffers.giveBack(buffer) }
        guard
            case .bytes(let count) = SocketFile.receiveDatagram(
                program.number, into: buffer, peeking: true)
        else { return 0 }
        return count
    }
}
