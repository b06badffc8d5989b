import CLinux
import Glibc
import Memory
import Wire

// Sending datagrams. What the program writes without naming an address goes through its socket to
// our end; what names one, or may, is taken from its memory.

extension Supervisor {
    /// connect(2) of a datagram socket: it fixes the peer, and sends nothing.
    func connectDatagram(to address: CallerAddress, _ index: SlabIndex) throws(SystemError)
        -> Reply
    {
        let remote: SocketAddress?
        switch address {
        case .internet(let given): remote = given
        case .unspecified: remote = nil
        case .foreign: return .failure(EAFNOSUPPORT)
        }
        // What was written before goes where it was meant to.
        forwardDatagrams(index)
        let flow = try flow(of: index)
        try flows.connectDatagram(flow, to: remote)
        registry[index].remote = remote
        registry[index].local = flows.localAddress(flow)
        return .success
    }

    /// sendto(2) with an address.
    func sendtoCall(_ call: SystemCall, _ index: SlabIndex) throws(SystemError) -> Reply {
        if registry[index].kind == .stream { return try sendOnStream(call, index) }
        guard call.word(2) <= Self.datagramLimit else { return .failure(EMSGSIZE) }
        let remote = try destination(call.memory, at: call.word(4), length: call.int(5))
        let piece = RemoteMemory.Piece(address: call.word(1), count: call.word(2))
        return .value(Int64(try sendDatagram([piece], to: remote, call, index)))
    }

    /// sendmsg(2).
    func sendmsgCall(_ call: SystemCall, _ index: SlabIndex) throws(SystemError) -> Reply {
        if registry[index].kind == .stream { return .carryOn }
        return .value(Int64(try sendMessage(at: call.word(1), call, index)))
    }

    /// sendmmsg(2): how many were sent; an error only where none was.
    func sendmmsgCall(_ call: SystemCall, _ index: SlabIndex) throws(SystemError) -> Reply {
        if registry[index].kind == .stream { return .carryOn }
        let wanted = min(UInt64(call.word(2) & 0xFFFF_FFFF), 1_024)
        var sent: UInt64 = 0
        while sent < wanted {
            let header = call.word(1) &+ sent &* MessageHeader.stride
            do throws(SystemError) {
                let count = try sendMessage(at: header, call, index)
                try call.memory.store(UInt32(count), at: header &+ MessageHeader.countOffset)
            } catch {
                if sent == 0 { throw error }
                break
            }
            sent += 1
        }
        return .value(Int64(sent))
    }

    private func sendMessage(at address: UInt64, _ call: SystemCall, _ index: SlabIndex)
        throws(SystemError) -> Int
    {
        let header = try call.memory.load(MessageHeader.self, at: address)
        let pieces = try call.memory.pieces(header.pieceCount, at: header.pieces)
        let remote =
            header.name == 0
            ? nil
            : try destination(
                call.memory, at: header.name, length: CInt(bitPattern: header.nameLength))
        return try sendDatagram(pieces, to: remote, call, index)
    }

    /// The most that a datagram carries: 65,535 less the headers of IPv4 and UDP.
    private static var datagramLimit: Int { 65_507 }

    private func destination(_ memory: RemoteMemory, at address: UInt64, length: CInt)
        throws(SystemError) -> SocketAddress
    {
        guard case .internet(let remote) = try memory.socketAddress(at: address, length: length)
        else { throw SystemError(EAFNOSUPPORT) }
        return remote
    }

    private func sendDatagram(
        _ pieces: [RemoteMemory.Piece], to remote: SocketAddress?, _ call: SystemCall,
        _ index: SlabIndex
    ) throws(SystemError) -> Int {
        let buffer = buffers.take()
        defer { buffers.giveBack(buffer) }
        try call.memory.gather(pieces, into: buffer)
        guard buffer.count <= Self.datagramLimit else { throw SystemError(EMSGSIZE) }
        // What was written earlier goes first.
        forwardDatagrams(index)
        try send(buffer, to: remote, index)
        return buffer.count
    }

    private func send(_ buffer: TransferBuffer, to remote: SocketAddress?, _ index: SlabIndex)
        throws(SystemError)
    {
        guard let destination = remote ?? registry[index].remote else {
            throw SystemError(EDESTADDRREQ)
        }
        guard Self.carriesDatagrams(to: destination) else { throw SystemError(ENETUNREACH) }
        let flow = try flow(of: index)
        try flows.sendDatagram(flow, buffer.bytes, to: remote)
        if registry[index].local == nil { registry[index].local = flows.localAddress(flow) }
    }

    /// Only names are looked up over UDP for now. Anything else has no route: programs then try
    /// TCP, or another address, at once.
    private static func carriesDatagrams(to remote: SocketAddress) -> Bool {
        remote.port == 53
    }

    /// Sends what the program has written to its socket. An error comes back as the network's
    /// would: with the next call that receives.
    func forwardDatagrams(_ index: SlabIndex) {
        guard let end = registry[index].end else { return }
        let buffer = buffers.take()
        defer { buffers.giveBack(buffer) }
        while case .bytes(let count) = SocketFile.receive(end.number, into: buffer) {
            // An empty datagram and the end of the socket look the same; the end also hangs up.
            if count == 0 { return }
            // A write to a socket without a peer is lost here, where the kernel would refuse it.
            guard registry[index].remote != nil else { continue }
            do throws(SystemError) {
                try send(buffer, to: nil, index)
            } catch {
                deliver(error, index)
            }
        }
    }

    // MARK: Streams

    /// sendto(2) with an address on a stream: TCP ignores the address, AF_UNIX does not.
    private func sendOnStream(_ call: SystemCall, _ index: SlabIndex) throws(SystemError) -> Reply {
        let fastOpen: CInt = 0x2000_0000
        let flags = call.int(3)
        guard flags & fastOpen == 0 else { return .failure(EOPNOTSUPP) }
        guard case .established = registry[index].phase, let program = programEnd(index) else {
            return .failure(EPIPE)
        }
        let buffer = buffers.take()
        defer { buffers.giveBack(buffer) }
        let count = min(call.word(2), UInt64(buffer.capacity))
        try call.memory.gather(
            [RemoteMemory.Piece(address: call.word(1), count: count)], into: buffer)
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
}
