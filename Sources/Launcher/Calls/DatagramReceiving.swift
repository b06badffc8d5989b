import CLinux
import Glibc
import Memory
import Wire

// Receiving datagrams. They queue in the program's socket, where read and poll find them; their
// sources are listed beside it, for the calls that ask.

extension Supervisor {
    /// Puts what has arrived on the flow into the program's socket.
    func deliverDatagrams(_ index: SlabIndex) {
        guard let flow = registry[index].flow, registry[index].end != nil else { return }
        let buffer = buffers.take()
        defer { buffers.giveBack(buffer) }
        while true {
            do throws(SystemError) {
                let read = try buffer.withRoom { room throws(SystemError) in
                    try flows.receiveDatagram(flow, into: &room)
                }
                guard let read else { break }
                buffer.fill(min(read.count, buffer.capacity))
                enqueue(
                    buffer, DatagramList.Entry(count: buffer.count, source: read.source), index)
            } catch {
                deliver(error, index)
            }
        }
        retryWaits(index)
    }

    /// An error of the network's takes the place of a datagram: an empty one wakes whoever waits,
    /// and the call that receives it fails.
    func deliver(_ error: SystemError, _ index: SlabIndex) {
        registry[index].error = error
        let buffer = buffers.take()
        buffer.fill(0)
        let source = registry[index].remote ?? SocketAddress(address: .unspecifiedV4, port: 0)
        enqueue(buffer, DatagramList.Entry(count: 0, source: source, error: error), index)
        buffers.giveBack(buffer)
    }

    private func enqueue(
        _ buffer: TransferBuffer, _ entry: DatagramList.Entry, _ index: SlabIndex
    ) {
        guard let end = registry[index].end else { return }
        // With everything read, the list is of no more use: so a program that never asks for
        // sources does not make it grow.
        if SocketFile.unsentCount(end.number) == 0 { registry[index].arrivals.removeAll() }
        // A full socket drops datagrams, as UDP's does.
        guard case .bytes = SocketFile.send(end.number, from: buffer) else { return }
        registry[index].arrivals.append(entry)
    }

    /// recvfrom(2) with an address.
    func recvfromCall(_ call: SystemCall, _ index: SlabIndex) throws(SystemError) -> Reply {
        // TCP gives no address here, and neither does an unnamed AF_UNIX stream.
        if registry[index].kind == .stream { return .carryOn }
        let program = try receivingEnd(index)
        let piece = RemoteMemory.Piece(address: call.word(1), count: call.word(2))
        let flags = call.int(3)
        guard let arrival = try take(index, program, flags) else {
            return try waitForDatagram(call, index, program, flags)
        }
        defer { buffers.giveBack(arrival.buffer) }
        let stored = try store(arrival, [piece], call.memory)
        try call.memory.store(arrival.source, at: call.word(4), lengthAt: call.word(5))
        let value = flags & CInt(MSG_TRUNC) != 0 ? arrival.count : stored
        return finish(call, Int64(value), [arrival], flags, index)
    }

    /// recvmsg(2).
    func recvmsgCall(_ call: SystemCall, _ index: SlabIndex) throws(SystemError) -> Reply {
        let flags = call.int(2)
        // There is no queue of errors; an AF_UNIX socket would give data instead.
        if flags & CInt(MSG_ERRQUEUE) != 0 { return .failure(EAGAIN) }
        if registry[index].kind == .stream { return .carryOn }
        let program = try receivingEnd(index)
        guard let arrival = try take(index, program, flags) else {
            return try waitForDatagram(call, index, program, flags)
        }
        defer { buffers.giveBack(arrival.buffer) }
        let value = try storeMessage(arrival, at: call.word(1), call.memory, flags)
        return finish(call, Int64(value), [arrival], flags, index)
    }

    /// recvmmsg(2). Once one datagram was there it does not wait for more.
    func recvmmsgCall(_ call: SystemCall, _ index: SlabIndex) throws(SystemError) -> Reply {
        let flags = call.int(3)
        if flags & CInt(MSG_ERRQUEUE) != 0 { return .failure(EAGAIN) }
        if registry[index].kind == .stream { return .carryOn }
        let program = try receivingEnd(index)
        let wanted = Int(min(call.word(2) & 0xFFFF_FFFF, 1_024))
        var arrivals: [Arrival] = []
        defer { for arrival in arrivals { buffers.giveBack(arrival.buffer) } }
        while arrivals.count < wanted {
            let header = call.word(1) &+ UInt64(arrivals.count) &* MessageHeader.stride
            do throws(SystemError) {
                guard let arrival = try take(index, program, flags) else { break }
                arrivals.append(arrival)
                let count = try storeMessage(arrival, at: header, call.memory, flags)
                try call.memory.store(UInt32(count), at: header &+ MessageHeader.countOffset)
            } catch {
                if arrivals.isEmpty { throw error }
                break
            }
        }
        if arrivals.isEmpty { return try waitForDatagram(call, index, program, flags) }
        return finish(call, Int64(arrivals.count), arrivals, flags, index)
    }

    // MARK: The steps

    /// A datagram that was taken out of the program's socket.
    private struct Arrival {
        /// Its bytes, as far as the buffer goes.
        var buffer: TransferBuffer
        /// All its bytes.
        var count: Int
        var source: SocketAddress
    }

    private func receivingEnd(_ index: SlabIndex) throws(SystemError) -> Descriptor {
        guard let program = programEnd(index) else { throw SystemError(EBADF) }
        return program
    }

    /// The first datagram in the program's socket, nil where none waits; throws an error that the
    /// network has put in the place of one.
    private func take(_ index: SlabIndex, _ program: Descriptor, _ flags: CInt)
        throws(SystemError) -> Arrival?
    {
        registry[index].arrivals.forgetRead(unread: SocketFile.unreadCount(program.number))
        let buffer = buffers.take()
        let peeks = flags & CInt(MSG_PEEK) != 0
        guard
            case .bytes(let count) = SocketFile.receiveDatagram(
                program.number, into: buffer, peeking: peeks)
        else {
            buffers.giveBack(buffer)
            return nil
        }
        let entry = registry[index].arrivals.first(count: count)
        if !peeks { registry[index].arrivals.removeFirst() }
        if let error = entry?.error {
            buffers.giveBack(buffer)
            registry[index].error = nil
            throw error
        }
        let source = entry?.source ?? registry[index].remote
        return Arrival(
            buffer: buffer, count: count,
            source: source ?? SocketAddress(address: .unspecifiedV4, port: 0))
    }

    private func waitForDatagram(
        _ call: SystemCall, _ index: SlabIndex, _ program: Descriptor, _ flags: CInt
    ) throws(SystemError) -> Reply {
        if flags & CInt(MSG_DONTWAIT) != 0 || SocketFile.isNonBlocking(program.number) {
            return .failure(EAGAIN)
        }
        return park(call, index, until: deadline(program, SO_RCVTIMEO))
    }

    /// Stores a datagram's bytes where the caller has room; how many.
    private func store(
        _ arrival: Arrival, _ pieces: [RemoteMemory.Piece], _ memory: RemoteMemory
    ) throws(SystemError) -> Int {
        let room = pieces.reduce(UInt64(0)) { $0 &+ min($1.count, UInt64(UInt32.max)) }
        let count = min(arrival.buffer.count, Int(clamping: room))
        try memory.scatter(count, of: arrival.buffer, over: pieces)
        return count
    }

    /// Stores a datagram where a `msghdr` says, and what it says of it; what the call returns.
    private func storeMessage(
        _ arrival: Arrival, at address: UInt64, _ memory: RemoteMemory, _ flags: CInt
    ) throws(SystemError) -> Int {
        var header = try memory.load(MessageHeader.self, at: address)
        let pieces = try memory.pieces(header.pieceCount, at: header.pieces)
        let stored = try store(arrival, pieces, memory)
        if header.name != 0 {
            header.nameLength = try memory.store(
                arrival.source, at: header.name, room: Int(header.nameLength))
        } else {
            header.nameLength = 0
        }
        header.controlLength = 0
        header.flags = stored < arrival.count ? CInt(MSG_TRUNC) : 0
        try memory.store(header, at: address)
        return flags & CInt(MSG_TRUNC) != 0 ? arrival.count : stored
    }

    /// Answers; where a signal came first, the datagrams go back, at the end of the queue.
    private func finish(
        _ call: SystemCall, _ value: Int64, _ arrivals: [Arrival], _ flags: CInt,
        _ index: SlabIndex
    ) -> Reply {
        if !listener.answer(call, value), flags & CInt(MSG_PEEK) == 0 {
            for arrival in arrivals {
                let entry = DatagramList.Entry(count: arrival.count, source: arrival.source)
                enqueue(arrival.buffer, entry, index)
            }
        }
        return .answered
    }
}
