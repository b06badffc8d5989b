import Glibc
import Memory
import Sockets
import Stack
import Wire

// Sending on sockets of messages: datagrams, packets, questions to the host. What the program
// writes without naming an address goes through its socket to our end; what names one, or may, is
// taken from its memory.

extension Supervisor {
    /// What a call says of a message beside its bytes.
    private struct Envelope {
        var name: SocketName?
        var control: [ControlMessage] = []
        var flags: MessageFlags
    }

    /// sendto(2) with an address.
    func sendtoCall(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        var envelope = Envelope(flags: MessageFlags(rawValue: call.int(3)))
        if call.word(4) != 0 {
            envelope.name = try call.memory.name(
                at: call.word(4), length: call.int(5), of: registry[index].socket, for: .send)
        }
        let piece = RemoteMemory.Piece(address: call.word(1), count: call.word(2))
        return try waiting(call, index, envelope.flags) { () throws(SocketError) in
            try sendMessage([piece], envelope, call, index)
        }
    }

    /// sendmsg(2).
    func sendmsgCall(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        let flags = MessageFlags(rawValue: call.int(2))
        return try waiting(call, index, flags) { () throws(SocketError) in
            try sendMessage(at: call.word(1), flags, call, index)
        }
    }

    /// sendmmsg(2): how many were sent; an error only where none was.
    func sendmmsgCall(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        let flags = MessageFlags(rawValue: call.int(3))
        let wanted = min(UInt64(call.word(2) & 0xFFFF_FFFF), 1_024)
        return try waiting(call, index, flags) { () throws(SocketError) in
            var sent = 0
            while sent < wanted {
                let header = call.word(1) &+ UInt64(sent) &* MessageHeader.stride
                do throws(SocketError) {
                    let count = try sendMessage(at: header, flags, call, index)
                    try call.memory.store(
                        UInt32(count), at: header &+ MessageHeader.countOffset)
                } catch {
                    if sent == 0 { throw error }
                    break
                }
                sent += 1
            }
            return sent
        }
    }

    /// Sends, or leaves the call waiting where there is no room and the program waits for some.
    private func waiting(
        _ call: SystemCall, _ index: SlabIndex, _ flags: MessageFlags,
        _ body: () throws(SocketError) -> Int
    ) throws(SocketError) -> Reply {
        do throws(SocketError) {
            return .value(Int64(try body()))
        } catch {
            guard error.isWouldBlock, !flags.contains(.dontWait),
                let program = programEnd(index), !SocketFile.isNonBlocking(program.number)
            else { throw error }
            return park(call, index, until: deadline(program, SO_SNDTIMEO))
        }
    }

    private func sendMessage(
        at address: UInt64, _ flags: MessageFlags, _ call: SystemCall, _ index: SlabIndex
    ) throws(SocketError) -> Int {
        let header = try call.memory.load(MessageHeader.self, at: address)
        let pieces = try call.memory.pieces(header.pieceCount, at: header.pieces)
        var envelope = Envelope(flags: flags)
        if header.name != 0, header.nameLength != 0 {
            envelope.name = try call.memory.name(
                at: header.name, length: CInt(bitPattern: header.nameLength),
                of: registry[index].socket, for: .send)
        }
        if header.control != 0, header.controlLength > 0 {
            guard header.controlLength <= 1 << 16 else { throw SocketError(ENOBUFS) }
            envelope.control = try ControlBytes.messages(
                in: try call.memory.bytes(Int(header.controlLength), at: header.control))
        }
        return try sendMessage(pieces, envelope, call, index)
    }

    private func sendMessage(
        _ pieces: [RemoteMemory.Piece], _ envelope: Envelope, _ call: SystemCall,
        _ index: SlabIndex
    ) throws(SocketError) -> Int {
        if envelope.name == nil, let error = registry[index].error {
            // What the network has reported is told by the next call, whichever it is.
            registry[index].error = nil
            forgetDeliveredError(index)
            throw error
        }
        let buffer = buffers.take()
        defer { buffers.giveBack(buffer) }
        try call.memory.gather(pieces, into: buffer)
        // What was written earlier goes first.
        forwardMessages(index)
        return try asProgram(of: call, index) { () throws(SocketError) in
            try send(buffer, envelope, index)
        }
    }

    private func send(
        _ buffer: TransferBuffer, _ envelope: Envelope, _ index: SlabIndex
    ) throws(SocketError) -> Int {
        let socket = registry[index].socket
        var control = envelope.control
        if let remote = envelope.name?.address, let name = interface(for: remote, of: socket),
            let number = setting.network.interfaceNumber(of: name)
        {
            control.append(.leaving(by: number, remote.address))
        }
        return try socket.sendMessage(
            buffer.bytes, to: envelope.name, control: control,
            flags: envelope.flags.union(.dontWait))
    }

    /// Sends what the program has written to its socket. An error comes back as the network's
    /// would: with the next call that receives.
    func forwardMessages(_ index: SlabIndex) {
        guard let end = registry[index].end else { return }
        if let held = registry[index].messages.departure {
            guard forward(held, index) else { return }
            registry[index].messages.departure = nil
            buffers.giveBack(held)
        }
        let buffer = buffers.take()
        while case .bytes(let count) = SocketFile.receive(end.number, into: buffer) {
            // An empty message and the end of the socket look the same.
            if count == 0, SocketFile.hasEnded(end.number) { break }
            guard forward(buffer, index) else {
                registry[index].messages.departure = buffer
                return
            }
        }
        buffers.giveBack(buffer)
    }

    /// Whether the message went, or came to nothing; false where it must be tried again.
    private func forward(_ buffer: TransferBuffer, _ index: SlabIndex) -> Bool {
        do throws(SocketError) {
            _ = try send(buffer, Envelope(flags: []), index)
        } catch {
            if error.isWouldBlock { return false }
            // A write to a socket without a peer is lost here, where the kernel would refuse it.
            if error.code != EDESTADDRREQ && error.code != ENOTCONN { deliver(error, index) }
        }
        return true
    }

    /// Something happened to the network's socket.
    func handleMessages(_ index: SlabIndex, _ events: Readiness) {
        deliverMessages(index)
        if events.contains(.error), let error = (try? registry[index].socket.takeError()) ?? nil {
            deliver(error, index)
        }
        if events.contains(.writable) { forwardMessages(index) }
        if !registry[index].waits.isEmpty { retryWaits(index) }
    }
}

extension Network {
    /// The number that Linux gives the interface of that name.
    func interfaceNumber(of name: String) -> UInt32? {
        host?.withHost { host in
            host.interfaces.first { $0.name == name }.map { UInt32($0.interface.zone) }
        }
    }
}

extension ControlMessage {
    /// `IP_PKTINFO` or `IPV6_PKTINFO` that says by which interface a message leaves.
    static func leaving(by interface: UInt32, _ destination: IPAddress) -> ControlMessage {
        let number = (0..<4).map { UInt8(truncatingIfNeeded: interface >> UInt32(8 * $0)) }
        return destination.isIPv4
            ? ControlMessage(
                level: CInt(IPPROTO_IP), type: IP_PKTINFO,
                bytes: number + [UInt8](repeating: 0, count: 8))
            : ControlMessage(
                level: CInt(IPPROTO_IPV6), type: IPV6_PKTINFO,
                bytes: [UInt8](repeating: 0, count: 16) + number)
    }
}
