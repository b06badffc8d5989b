import CLinux
import Glibc
import Memory
import Sockets
import Wire

// Receiving on sockets of messages. They queue in the program's socket, where read and poll find
// them; what is known of each is listed beside it, for the calls that ask.

extension Supervisor {
    /// Puts what has arrived into the program's socket.
    func deliverMessages(_ index: SlabIndex) {
        guard registry[index].end != nil else { return }
        if let held = registry[index].messages.arrival {
            registry[index].messages.arrival = nil
            guard enqueue(held.buffer, held.entry, index) else { return }
            waitForRoom(index, false)
        }
        let socket = registry[index].socket
        // An error is told once: one that comes again and again is a state of the socket.
        var lastError: CInt = 0
        while registry[index].messages.arrival == nil {
            let buffer = buffers.take()
            do throws(SocketError) {
                let message = try buffer.withRoom { room throws(SocketError) in
                    try socket.receiveMessage(into: &room, flags: .dontWait)
                }
                buffer.fill(message.count)
                let entry = MessageQueues.Entry(
                    count: message.count, fullCount: message.fullCount, source: message.source,
                    control: message.control, flags: message.flags)
                enqueue(buffer, entry, index)
            } catch {
                buffers.giveBack(buffer)
                if error.isWouldBlock || error.code == EBADF || error.code == lastError {
                    break
                }
                lastError = error.code
                deliver(error, index)
            }
        }
    }

    /// An error of the network's takes the place of a message: an empty one wakes whoever waits,
    /// and the call that receives it fails.
    ///
    /// A socket has one error at a time: the last.
    func deliver(_ error: SocketError, _ index: SlabIndex) {
        registry[index].error = error
        if let end = registry[index].end, SocketFile.unsentCount(end.number) == 0 {
            registry[index].messages.removeAll()
        }
        if registry[index].messages.hasError { return }
        let buffer = buffers.take()
        buffer.fill(0)
        enqueue(buffer, MessageQueues.Entry(count: 0, fullCount: 0, error: error), index)
    }

    /// An error that another call has told of is not to be received any more.
    func forgetDeliveredError(_ index: SlabIndex) {
        guard !registry[index].isStream, registry[index].messages.hasError,
            let program = programEnd(index)
        else { return }
        registry[index].messages.forgetRead(unread: SocketFile.unreadCount(program.number))
        let buffer = buffers.take()
        defer { buffers.giveBack(buffer) }
        guard
            case .bytes(0) = SocketFile.receiveDatagram(
                program.number, into: buffer, peeking: true),
            registry[index].messages.first(count: 0)?.error != nil
        else { return }
        _ = SocketFile.receiveDatagram(program.number, into: buffer, peeking: false)
        registry[index].messages.removeFirst()
    }

    /// Gives a message to the program's socket, or keeps it until there is room; whether it went.
    @discardableResult
    private func enqueue(
        _ buffer: TransferBuffer, _ entry: MessageQueues.Entry, _ index: SlabIndex
    ) -> Bool {
        guard let end = registry[index].end else {
            buffers.giveBack(buffer)
            return true
        }
        // With everything read, the list is of no more use: so a program that never asks for
        // sources does not make it grow.
        if SocketFile.unsentCount(end.number) == 0 { registry[index].messages.removeAll() }
        switch SocketFile.send(end.number, from: buffer) {
        case .bytes: registry[index].messages.append(entry)
        case .wouldBlock:
            registry[index].messages.arrival = .init(buffer: buffer, entry: entry)
            waitForRoom(index, true)
            return false
        case .failed: break
        }
        buffers.giveBack(buffer)
        return true
    }

    // MARK: The calls

    /// recvfrom(2) with an address.
    func recvfromCall(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        let flags = call.int(3)
        let piece = RemoteMemory.Piece(address: call.word(1), count: call.word(2))
        guard let arrival = try take(index, flags) else {
            return try waitForMessage(call, index, flags)
        }
        defer { buffers.giveBack(arrival.buffer) }
        let stored = try store(arrival, [piece], call.memory)
        if call.word(4) != 0 {
            try call.memory.store(
                arrival.entry.source, registry[index].socket.family, at: call.word(4),
                lengthAt: call.word(5))
        }
        let value = flags & CInt(MSG_TRUNC) != 0 ? arrival.entry.fullCount : stored
        return finish(call, Int64(value), [arrival], flags, index)
    }

    /// recvmsg(2).
    func recvmsgCall(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        let flags = call.int(2)
        guard let arrival = try take(index, flags) else {
            return try waitForMessage(call, index, flags)
        }
        defer { buffers.giveBack(arrival.buffer) }
        let value = try storeMessage(arrival, at: call.word(1), call.memory, flags, index)
        return finish(call, Int64(value), [arrival], flags, index)
    }

    /// recvmmsg(2). Once one message was there it does not wait for more.
    func recvmmsgCall(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        let flags = call.int(3)
        let wanted = Int(min(call.word(2) & 0xFFFF_FFFF, 1_024))
        guard wanted > 0 else { return .success }
        var arrivals: [Arrival] = []
        defer { for arrival in arrivals { buffers.giveBack(arrival.buffer) } }
        while arrivals.count < wanted {
            let header = call.word(1) &+ UInt64(arrivals.count) &* MessageHeader.stride
            do throws(SocketError) {
                guard let arrival = try take(index, flags) else { break }
                arrivals.append(arrival)
                let count = try storeMessage(arrival, at: header, call.memory, flags, index)
                try call.memory.store(UInt32(count), at: header &+ MessageHeader.countOffset)
            } catch {
                if arrivals.isEmpty { throw error }
                break
            }
        }
        if arrivals.isEmpty { return try waitForMessage(call, index, flags) }
        return finish(call, Int64(arrivals.count), arrivals, flags, index)
    }

    // MARK: The steps

    /// A message that was taken out of the program's socket.
    private struct Arrival {
        /// Its bytes, as far as the buffer goes.
        var buffer: TransferBuffer
        var entry: MessageQueues.Entry
    }

    /// The first message in the program's socket, nil where none waits; throws an error that the
    /// network has put in the place of one.
    private func take(_ index: SlabIndex, _ flags: CInt) throws(SocketError) -> Arrival? {
        if flags & CInt(MSG_ERRQUEUE) != 0 { return try takeReport(index) }
        guard let program = programEnd(index) else { throw SocketError(EBADF) }
        registry[index].messages.forgetRead(unread: SocketFile.unreadCount(program.number))
        let buffer = buffers.take()
        let peeks = flags & CInt(MSG_PEEK) != 0
        guard
            case .bytes(let count) = SocketFile.receiveDatagram(
                program.number, into: buffer, peeking: peeks)
        else {
            buffers.giveBack(buffer)
            return nil
        }
        let known = registry[index].messages.first(count: count)
        if !peeks { registry[index].messages.removeFirst() }
        if let error = known?.error {
            buffers.giveBack(buffer)
            registry[index].error = nil
            throw error
        }
        return Arrival(
            buffer: buffer,
            entry: known ?? MessageQueues.Entry(count: count, fullCount: count))
    }

    /// The next error in the queue of errors (MSG_ERRQUEUE).
    private func takeReport(_ index: SlabIndex) throws(SocketError) -> Arrival {
        let buffer = buffers.take()
        let socket = registry[index].socket
        do throws(SocketError) {
            let message = try buffer.withRoom { room throws(SocketError) in
                try socket.receiveMessage(into: &room, flags: [.dontWait, .errorQueue])
            }
            buffer.fill(message.count)
            return Arrival(
                buffer: buffer,
                entry: MessageQueues.Entry(
                    count: message.count, fullCount: message.fullCount, source: message.source,
                    control: message.control, flags: message.flags))
        } catch {
            buffers.giveBack(buffer)
            throw error
        }
    }

    private func waitForMessage(
        _ call: SystemCall, _ index: SlabIndex, _ flags: CInt
    ) throws(SocketError) -> Reply {
        guard let program = programEnd(index) else { return .failure(EBADF) }
        if flags & CInt(MSG_DONTWAIT) != 0 || SocketFile.isNonBlocking(program.number) {
            return .failure(EAGAIN)
        }
        return park(call, index, until: deadline(program, SO_RCVTIMEO))
    }

    /// Stores a message's bytes where the caller has room; how many.
    private func store(
        _ arrival: Arrival, _ pieces: [RemoteMemory.Piece], _ memory: RemoteMemory
    ) throws(SocketError) -> Int {
        let room = pieces.reduce(UInt64(0)) { $0 &+ min($1.count, UInt64(UInt32.max)) }
        let count = min(arrival.buffer.count, Int(clamping: room))
        try memory.scatter(count, of: arrival.buffer, over: pieces)
        return count
    }

    /// Stores a message where a `msghdr` says, and what it says of it; what the call returns.
    private func storeMessage(
        _ arrival: Arrival, at address: UInt64, _ memory: RemoteMemory, _ flags: CInt,
        _ index: SlabIndex
    ) throws(SocketError) -> Int {
        var header = try memory.load(MessageHeader.self, at: address)
        let pieces = try memory.pieces(header.pieceCount, at: header.pieces)
        let stored = try store(arrival, pieces, memory)
        let name = arrival.entry.source?.bytes(for: registry[index].socket.family) ?? []
        if header.name != 0 {
            try memory.store(name.prefix(Int(header.nameLength)), at: header.name)
            header.nameLength = socklen_t(name.count)
        }
        let room = Int(min(header.controlLength, 1 << 16))
        let (control, isCut) = ControlBytes.bytes(
            of: arrival.entry.control, room: header.control == 0 ? 0 : room)
        try memory.store(control, at: header.control)
        header.controlLength = UInt64(control.count)
        var said = arrival.entry.flags
        if stored < arrival.entry.fullCount { said.insert(.truncated) }
        if isCut { said.insert(.controlTruncated) }
        header.flags = said.rawValue
        try memory.store(header, at: address)
        return flags & CInt(MSG_TRUNC) != 0 ? arrival.entry.fullCount : stored
    }

    /// Answers; where a signal came first, the messages go back, at the end of the queue.
    private func finish(
        _ call: SystemCall, _ value: Int64, _ arrivals: [Arrival], _ flags: CInt,
        _ index: SlabIndex
    ) -> Reply {
        let consumes = flags & CInt(MSG_PEEK) == 0
        if !listener.answer(call, value) {
            guard consumes, let end = registry[index].end else { return .answered }
            for arrival in arrivals {
                guard case .bytes = SocketFile.send(end.number, from: arrival.buffer) else { break }
                registry[index].messages.append(arrival.entry)
            }
        } else if consumes {
            deliverMessages(index)
        }
        return .answered
    }
}
