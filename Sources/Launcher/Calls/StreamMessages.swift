import Glibc
import Memory
import Sockets

// Calls on streams that name an address, or have a place for one: TCP takes no notice of it, an
// AF_UNIX socket would.

extension Supervisor {
    private static var fastOpen: CInt { 0x2000_0000 }

    /// sendto(2) with an address.
    func sendOnStream(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        let piece = RemoteMemory.Piece(address: call.word(1), count: call.word(2))
        if call.word(4) == 0, call.int(3) & Self.fastOpen == 0 { return .carryOn }
        return try send([piece], call, call.int(3), index)
    }

    /// sendmsg(2): the kernel's business where no address is named.
    func sendmsgOnStream(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        let header = try call.memory.load(MessageHeader.self, at: call.word(1))
        guard header.name != 0 || call.int(2) & Self.fastOpen != 0 else { return .carryOn }
        let pieces = try call.memory.pieces(header.pieceCount, at: header.pieces)
        return try send(pieces, call, call.int(2), index)
    }

    private func send(
        _ pieces: [RemoteMemory.Piece], _ call: SystemCall, _ flags: CInt, _ index: SlabIndex
    ) throws(SocketError) -> Reply {
        if flags & Self.fastOpen != 0 {
            switch registry[index].phase {
            case .idle: return try connectCall(call, index)
            case .connecting where waitedForHandshake(call): return park(call, index, until: nil)
            case .established where waitedForHandshake(call): break
            default: return .failure(EISCONN)
            }
        }
        guard registry[index].isConnected else { return .failure(EPIPE) }
        guard let program = programEnd(index) else {
            return try sendBeside(pieces, call, flags, index)
        }
        let buffer = buffers.take()
        defer { buffers.giveBack(buffer) }
        try call.memory.gather(Self.cut(pieces, to: buffer.capacity), into: buffer)
        switch SocketFile.send(program.number, from: buffer) {
        case .bytes(let sent): return .value(Int64(sent))
        case .failed(let error): return .failure(error)
        case .wouldBlock:
            if flags & CInt(MSG_DONTWAIT) != 0 || SocketFile.isNonBlocking(program.number) {
                return .failure(EAGAIN)
            }
            return park(call, index, until: deadline(program, SO_SNDTIMEO))
        }
    }

    /// Where the program's socket cannot be fetched its bytes go straight to the network, behind what
    /// that socket has.
    private func sendBeside(
        _ pieces: [RemoteMemory.Piece], _ call: SystemCall, _ flags: CInt, _ index: SlabIndex
    ) throws(SocketError) -> Reply {
        pump(index)
        guard registry.contains(index), registry[index].isConnected, let end = registry[index].end
        else { return .failure(EPIPE) }
        let buffer = buffers.take()
        defer { buffers.giveBack(buffer) }
        try call.memory.gather(Self.cut(pieces, to: buffer.capacity), into: buffer)
        if SocketFile.unreadCount(end.number) == 0 {
            do throws(SocketError) {
                return .value(Int64(try registry[index].socket.sendNow(buffer.bytes)))
            } catch {
                guard error.isWouldBlock else { throw error }
            }
        }
        let caller = CallerDescriptor(thread: call.thread, number: call.descriptor)
        if flags & CInt(MSG_DONTWAIT) != 0 || caller.isNonBlocking { return .failure(EAGAIN) }
        return park(call, index, until: nil)
    }

    /// Whether a call is tried again that has begun to connect.
    private func waitedForHandshake(_ call: SystemCall) -> Bool { deadlineInForce != nil }

    private static func cut(_ pieces: [RemoteMemory.Piece], to limit: Int) -> [RemoteMemory.Piece] {
        var left = UInt64(limit)
        return pieces.map { piece in
            let count = min(piece.count, left)
            left -= count
            return RemoteMemory.Piece(address: piece.address, count: count)
        }
    }

    /// recvfrom(2) with an address.
    func receiveFromStream(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        let piece = RemoteMemory.Piece(address: call.word(1), count: call.word(2))
        // There is no queue of errors; an AF_UNIX socket would give data instead.
        if call.int(3) & CInt(MSG_ERRQUEUE) != 0 { return .failure(EAGAIN) }
        guard call.word(4) != 0 else { return .carryOn }
        return try receive([piece], call, call.int(3), index) { () throws(SocketError) in
            try call.memory.store(socklen_t(0), at: call.word(5))
        }
    }

    /// recvmsg(2): the kernel's business where there is no place for an address.
    func recvmsgFromStream(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        if call.int(2) & CInt(MSG_ERRQUEUE) != 0 { return .failure(EAGAIN) }
        var header = try call.memory.load(MessageHeader.self, at: call.word(1))
        guard header.name != 0 else { return .carryOn }
        let pieces = try call.memory.pieces(header.pieceCount, at: header.pieces)
        header.nameLength = 0
        header.controlLength = 0
        header.flags = 0
        return try receive(pieces, call, call.int(2), index) { () throws(SocketError) in
            try call.memory.store(header, at: call.word(1))
        }
    }

    /// Takes what the program's socket has. If a signal comes just then, the call is made again and
    /// gets the same answer: the bytes stand in the caller's memory already.
    private func receive(
        _ pieces: [RemoteMemory.Piece], _ call: SystemCall, _ flags: CInt, _ index: SlabIndex,
        _ note: () throws(SocketError) -> Void
    ) throws(SocketError) -> Reply {
        // Out of the stream's order the AF_UNIX socket gives no address.
        if flags & CInt(MSG_OOB) != 0 { return .carryOn }
        // Where it cannot be fetched, the name of our end is what the program sees.
        guard let program = programEnd(index) else { return .carryOn }
        guard registry[index].isConnected || registry[index].phase == .over else {
            return .failure(ENOTCONN)
        }
        let room = Int(clamping: pieces.reduce(UInt64(0)) { $0 &+ min($1.count, 1 << 32) })
        let buffer = buffers.take()
        defer { buffers.giveBack(buffer) }
        switch SocketFile.peek(program.number, into: buffer, limit: room) {
        case .failed(let error): return .failure(error)
        case .wouldBlock:
            if flags & CInt(MSG_DONTWAIT) != 0 || SocketFile.isNonBlocking(program.number) {
                return .failure(EAGAIN)
            }
            return park(call, index, until: deadline(program, SO_RCVTIMEO))
        case .bytes(let count):
            guard listener.isWaiting(call) else { return .answered }
            try call.memory.scatter(count, of: buffer, over: pieces)
            try note()
            if flags & CInt(MSG_PEEK) == 0, count > 0 {
                _ = SocketFile.receive(program.number, into: buffer, limit: count)
                remember(.value(Int64(count)), to: call)
            }
            return .value(Int64(count))
        }
    }
}
