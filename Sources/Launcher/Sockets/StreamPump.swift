import Glibc
import Sockets

/// The bytes of one connection, between our end of the program's socket and the network's socket.
///
/// Each direction holds at most one buffer, and takes from its source only when that is empty: so
/// a full send buffer in the stack stops the program, and a program that does not read closes the
/// peer's window.
struct StreamPump {
    /// What is to be done after a run.
    enum Outcome {
        /// Nothing, until something becomes ready.
        case idle
        /// Another run soon: others come first.
        case more
        /// The program has closed and everything was passed on.
        case closed
        /// The program has closed with bytes unread: its peer is told by a reset.
        case abandoned
        /// The connection has failed.
        case failed(SystemError)
    }

    /// Set when the program can neither read nor write any more (EPOLLHUP).
    var isHungUp = false
    /// Set when the connection has failed: what arrived before is still passed on.
    var hasFailed = false
    /// Set when the peer has said that something urgent is to come.
    var expectsUrgent = false
    /// Whether the program's socket is full and we wait for room.
    private(set) var waitsForRoom = false

    private var upward: TransferBuffer?
    private var upwardIsUrgent = false
    private var upwardEnded = false
    private var downward: TransferBuffer?
    private var downwardEnded = false
    /// The program does not want what arrives (shutdown with SHUT_RD).
    private var discardsDownward = false

    private static let turn = 1 << 20

    /// Moves what can be moved, both ways.
    mutating func run(_ socket: Socket, end: CInt, buffers: inout BufferPool) -> Outcome {
        let up = runUpward(socket, end, &buffers)
        if case .idle = up {} else if case .more = up {} else { return up }
        if isHungUp && upwardEnded && upward == nil {
            return downward == nil ? .closed : .abandoned
        }
        if isHungUp { return up }
        let down = runDownward(socket, end, &buffers)
        guard case .idle = down else { return down }
        if hasFailed, downward == nil {
            let error = (try? socket.takeError()) ?? nil
            return .failed(error ?? SystemError(ECONNRESET))
        }
        return up
    }

    /// Gives the buffers back; the pump is not run again.
    mutating func stop(_ buffers: inout BufferPool) {
        if let buffer = upward { buffers.giveBack(buffer) }
        if let buffer = downward { buffers.giveBack(buffer) }
        upward = nil
        downward = nil
    }

    /// Takes bytes over that do not come through the program's socket, where nothing that came
    /// through it is still to be passed on. They are not empty; the next run passes them on.
    mutating func takeBeside(_ buffer: TransferBuffer) -> Bool {
        guard upward == nil, !upwardEnded else { return false }
        upward = buffer
        upwardIsUrgent = false
        return true
    }

    // MARK: From the program to the network

    private mutating func runUpward(
        _ socket: Socket, _ end: CInt, _ buffers: inout BufferPool
    ) -> Outcome {
        var budget = Self.turn
        while true {
            if let buffer = upward, !buffer.isEmpty {
                do throws(SystemError) {
                    buffer.removeFirst(try give(buffer, to: socket))
                } catch {
                    return .failed(error)
                }
                guard buffer.isEmpty else { return .idle }
            }
            if upwardEnded { return .idle }
            if budget <= 0 { return .more }
            let buffer = upward ?? buffers.take()
            upward = buffer
            upwardIsUrgent = SocketFile.isAtMark(end)
            switch SocketFile.receive(end, into: buffer, limit: upwardIsUrgent ? 1 : .max) {
            case .bytes(let count) where count > 0:
                budget -= count
                continue
            case .bytes:
                upwardEnded = true
                // The event that tells of it may be on its way still.
                if SocketFile.isHungUp(end) { isHungUp = true }
                // When the program has closed, closing the connection says the same and more.
                if !isHungUp { try? socket.shutdown(.sending) }
            case .wouldBlock:
                break
            case .failed:
                // ECONNRESET: it was closed while bytes of ours were unread (unix(7)).
                return .abandoned
            }
            buffers.giveBack(buffer)
            upward = nil
            return .idle
        }
    }

    /// How many bytes the network's socket took.
    private func give(_ buffer: TransferBuffer, to socket: Socket) throws(SystemError) -> Int {
        do throws(SystemError) {
            guard upwardIsUrgent else { return try socket.sendNow(buffer.bytes) }
            return try socket.sendMessage(buffer.bytes, flags: [.urgent, .dontWait])
        } catch {
            if error.isWouldBlock { return 0 }
            throw error
        }
    }

    // MARK: From the network to the program

    private mutating func runDownward(
        _ socket: Socket, _ end: CInt, _ buffers: inout BufferPool
    ) -> Outcome {
        var budget = Self.turn
        waitsForRoom = false
        while true {
            if let buffer = downward, !buffer.isEmpty {
                guard deliver(buffer, end) else { return .idle }
            }
            if downwardEnded { return .idle }
            if budget <= 0 { return .more }
            if expectsUrgent { passUrgent(socket, end, &buffers) }
            let buffer = downward ?? buffers.take()
            downward = buffer
            do throws(SystemError) {
                let count = try buffer.withRoom { room throws(SystemError) in
                    try socket.receiveNow(into: &room)
                }
                buffer.fill(count)
                budget -= count
                if count > 0 { continue }
                downwardEnded = true
                shutdown(end, CInt(SHUT_WR))
            } catch {
                buffers.giveBack(buffer)
                downward = nil
                return error.isWouldBlock ? .idle : .failed(error)
            }
            buffers.giveBack(buffer)
            downward = nil
            return .idle
        }
    }

    /// Whether all of `buffer` went to the program.
    private mutating func deliver(_ buffer: TransferBuffer, _ end: CInt) -> Bool {
        while !buffer.isEmpty && !discardsDownward {
            switch SocketFile.send(end, from: buffer) {
            case .bytes: continue
            case .wouldBlock:
                waitsForRoom = true
                return false
            case .failed: discardsDownward = true
            }
        }
        buffer.fill(0)
        return true
    }

    /// Passes the urgent byte on, where the bytes before it have all gone.
    private mutating func passUrgent(_ socket: Socket, _ end: CInt, _ buffers: inout BufferPool) {
        // SIOCATMARK
        guard let answer = try? socket.control(0x8905), answer.contains(1),
            let byte = try? socket.receiveUrgent()
        else { return }
        expectsUrgent = false
        let buffer = buffers.take()
        buffer.withRoom { $0[0] = byte }
        buffer.fill(1)
        _ = SocketFile.send(end, from: buffer, urgently: true)
        buffers.giveBack(buffer)
    }
}
