import Glibc
import Memory
import Sockets
import Stack
import Wire

// connect(2). The program's own AF_UNIX socket is connected to an end of ours in place, so that its
// descriptor, its duplicates and its registrations with epoll stay what they are: at the end of the
// handshake when the program waits, at once when it does not.

extension Supervisor {
    func connectCall(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        let (place, length) = try call.namePlace()
        let name = try call.memory.name(
            at: place, length: length, of: registry[index].socket, for: .connect)
        return registry[index].isStream
            ? try connectStream(call, to: name, index)
            : try connectMessages(call, to: name, index)
    }

    /// Of a socket of messages: it fixes the peer, and sends nothing.
    private func connectMessages(
        _ call: SystemCall, to name: SocketName, _ index: SlabIndex
    ) throws(SocketError) -> Reply {
        // What was written before goes where it was meant to.
        forwardMessages(index)
        if let address = name.address { try chooseInterface(index, for: address) }
        try registry[index].socket.connect(to: name)
        noteName(call, index)
        return .success
    }

    private func connectStream(
        _ call: SystemCall, to name: SocketName, _ index: SlabIndex
    ) throws(SocketError) -> Reply {
        if case .unspecified = name { return try disconnect(call, index) }
        switch registry[index].phase {
        case .established(isReported: false):
            registry[index].phase = .established(isReported: true)
            remember(.success, to: call)
            return .success
        case .established, .over, .listening: return .failure(EISCONN)
        case .idle, .connecting, .failed: break
        }
        guard let program = programEnd(index) else { return .failure(EBADF) }
        let waits = !SocketFile.isNonBlocking(program.number)
        if registry[index].phase == .connecting {
            guard waits else { return .failure(EALREADY) }
            return park(call, index, until: deadline(program, SO_SNDTIMEO), orElse: EALREADY)
        }
        // A failure that no connect has reported yet is reported now, before another attempt.
        let error = registry[index].error
        registry[index].error = nil
        if registry[index].phase == .failed(isReported: false) {
            registry[index].phase = .failed(isReported: true)
            let reply = Reply.failure(error ?? SocketError(ECONNABORTED))
            remember(reply, to: call)
            return reply
        }
        guard let remote = name.address else { return .failure(EAFNOSUPPORT) }
        if registry[index].phase == .failed(isReported: true) {
            let fresh = try replaceProgramEnd(call, index)
            return try start(call, to: remote, index, fresh, waits: waits)
        }
        return try start(call, to: remote, index, program, waits: waits)
    }

    private func start(
        _ call: SystemCall, to remote: SocketAddress, _ index: SlabIndex, _ program: Descriptor,
        waits: Bool
    ) throws(SocketError) -> Reply {
        // Whoever listened may have closed without our knowing.
        if remote.address.isLoopback { releaseClosedPorts() }
        try chooseInterface(index, for: remote)
        let socket = registry[index].socket
        do throws(SocketError) {
            try asProgram(of: call, index) { () throws(SocketError) in
                try socket.beginConnect(to: remote)
            }
        } catch {
            guard error.code == EINPROGRESS else { throw error }
        }
        registry[index].phase = .connecting
        try watch(index)
        // The handshake goes on when the time is up.
        if waits {
            return park(call, index, until: deadline(program, SO_SNDTIMEO), orElse: EINPROGRESS)
        }
        try connectInPlace(program, index)
        return .failure(EINPROGRESS)
    }

    /// Connects the program's socket before its peer has answered, and stuffs it so that it does
    /// not yet poll writable.
    private func connectInPlace(_ program: Descriptor, _ index: SlabIndex) throws(SocketError) {
        adopt(try rendezvous.connect(program.number), index)
        let buffer = buffers.take()
        registry[index].stuffing.fill(program.number, with: buffer)
        buffers.giveBack(buffer)
    }

    // MARK: What the network reports

    /// Something happened to a socket whose handshake runs.
    func connectEvent(_ index: SlabIndex) {
        do throws(SocketError) {
            try registry[index].socket.finishConnect()
            connectSucceeded(index)
            pump(index)
        } catch {
            if !error.isWouldBlock { connectFailed(index, error) }
        }
    }

    /// The handshake is complete.
    private func connectSucceeded(_ index: SlabIndex) {
        let program = programEnd(index)
        if let end = registry[index].end {
            if let program { registry[index].stuffing.restoreSendBuffer(program.number) }
            let buffer = buffers.take()
            registry[index].stuffing.drain(end.number, into: buffer)
            buffers.giveBack(buffer)
        } else {
            guard let program, let end = try? rendezvous.connect(program.number) else {
                // Nobody holds the socket any more.
                connectFailed(index, SocketError(ECONNABORTED))
                return
            }
            adopt(end, index)
        }
        registry[index].duplicate = nil
        registry[index].phase = .established(isReported: false)
        // From here on our end tells when it is closed.
        registry.unwatchForEnd(index)
        for wait in takeWaits(index) {
            if wait.call.name != .connect {
                deadlineInForce = .some(wait.deadline)
                answer(wait.call)
                deadlineInForce = nil
            } else if listener.answer(wait.call, 0) {
                registry[index].phase = .established(isReported: true)
                remember(.success, to: wait.call)
            }
        }
    }

    private func connectFailed(_ index: SlabIndex, _ error: SocketError) {
        registry[index].error = error
        if registry[index].end != nil {
            // Closing our end makes the socket poll as a refused one does. A duplicate of the
            // program's end is still of use, to ask it whether it waits.
            let duplicate = registry[index].duplicate
            closeEnd(index)
            registry[index].duplicate = duplicate
            registry[index].phase = .failed(isReported: false)
        } else {
            registry[index].phase = .idle
        }
        for wait in takeWaits(index) {
            if wait.call.connects {
                guard listener.refuse(wait.call, error) else { continue }
                registry[index].error = nil
                remember(.failure(error), to: wait.call)
            } else {
                answer(wait.call)
            }
        }
    }

    /// A call that waited for the handshake does so no more: a signal came, or its time was up. The
    /// handshake goes on, so from now on the socket polls as that of a program that does not wait.
    func connectWaitEnded(_ index: SlabIndex) {
        guard registry[index].phase == .connecting, registry[index].end == nil,
            !registry[index].waits.contains(where: { $0.call.connects })
        else { return }
        guard let program = programEnd(index) else {
            connectFailed(index, SocketError(ECONNABORTED))
            return
        }
        do throws(SocketError) {
            try connectInPlace(program, index)
        } catch {
            connectFailed(index, error)
        }
        retryWaits(index)
    }

    // MARK: Starting again

    /// connect(2) with AF_UNSPEC: the connection is given up, and the socket can be connected anew.
    private func disconnect(_ call: SystemCall, _ index: SlabIndex) throws(SocketError) -> Reply {
        let isUsedUp: Bool
        switch registry[index].phase {
        case .idle: return .success
        case .connecting: isUsedUp = registry[index].end != nil
        case .listening, .established, .failed, .over: isUsedUp = true
        }
        try registry[index].socket.connect(to: .unspecified)
        for wait in takeWaits(index) { listener.refuse(wait.call, SocketError(ECONNABORTED)) }
        closeEnd(index)
        registry[index].handover = nil
        registry[index].phase = .idle
        registry[index].error = nil
        if isUsedUp { _ = try replaceProgramEnd(call, index) }
        return .success
    }

    /// Gives the caller a fresh AF_UNIX socket under the same number: an AF_UNIX socket can be
    /// connected only once. Duplicates of the number and registrations with epoll are lost.
    func replaceProgramEnd(_ call: SystemCall, _ index: SlabIndex) throws(SocketError)
        -> Descriptor
    {
        let caller = CallerDescriptor(thread: call.thread, number: call.descriptor)
        let nonBlocking = programEnd(index).map { SocketFile.isNonBlocking($0.number) } ?? false
        let fresh = try SocketFile.make(SOCK_STREAM, nonBlocking: nonBlocking)
        guard let inode = SocketFile.inode(of: fresh.number) else { throw SocketError(ENOBUFS) }
        try listener.replace(
            call, call.descriptor, by: fresh.number, closeOnExec: caller.closesOnExec)
        registry.rename(index, inode: inode)
        registry[index].stuffing = Stuffing()
        registry[index].pump = StreamPump()
        registry[index].holder = caller
        registry[index].phase = .idle
        if keepsDuplicates { registry[index].duplicate = fresh }
        return fresh
    }

    /// The error that SO_ERROR or a repeated connect reports, which clears it (socket(7)).
    ///
    /// A reset also stands in the program's AF_UNIX socket, where a read may have taken it.
    func takeError(_ index: SlabIndex, _ program: Descriptor?) -> SocketError? {
        guard let error = registry[index].error else {
            return (try? registry[index].socket.takeError()) ?? nil
        }
        registry[index].error = nil
        forgetDeliveredError(index)
        let native = program.map { SocketFile.option($0.number, SO_ERROR) }
        let wasRead = registry[index].phase == .over && native == 0
        return wasRead ? nil : error
    }
}
