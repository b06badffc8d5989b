import Devices
import Glibc
import Sockets

/// The bytes of one connection, between our end of the program's socket and the network's socket.
///
/// None is kept here: a full send queue of the network's stops the program, and a program that does
/// not read closes the peer's window.
struct StreamPump {
    /// What is to be done after a run.
    enum Outcome {
        /// Nothing, until something becomes ready.
        case idle
        /// Another run soon: others come first.
        case more
        /// Another run after a while: memory is short.
        case later
        /// The program has closed and everything was passed on.
        case closed
        /// The program has closed with bytes unread: its peer is told by a reset.
        case abandoned
        /// The connection has failed.
        case failed(SocketError)
    }

    /// Set when the program can neither read nor write any more (EPOLLHUP).
    var isHungUp = false
    /// Set when the connection has failed: what arrived before is still passed on.
    var hasFailed = false
    /// Set when the peer has said that something urgent is to come.
    var expectsUrgent = false
    /// Whether the program's socket is full and we wait for room.
    private(set) var waitsForRoom = false

    private var upwardEnded = false
    private var downwardEnded = false
    /// The program does not want what arrives (shutdown with SHUT_RD).
    private var discardsDownward = false

    /// What one run moves at most, each way: others come first then.
    private static let turn = 1 << 20
    /// What one call moves at most.
    private static let step = 1 << 18

    /// Moves what can be moved, both ways.
    mutating func run(_ socket: Socket, _ end: SystemSocket) -> Outcome {
        do throws(SocketError) {
            let up = try runUpward(socket, end)
            switch up {
            case .idle, .more, .later: break
            default: return up
            }
            if isHungUp { return upwardEnded ? .closed : up }
            let down = try runDownward(socket, end)
            guard case .idle = down else { return down }
            if hasFailed, !waitsForRoom {
                let error = (try? socket.takeError()) ?? nil
                return .failed(error ?? SocketError(ECONNRESET))
            }
            return up
        } catch {
            return .failed(error)
        }
    }

    // MARK: From the program to the network

    private mutating func runUpward(
        _ socket: Socket, _ end: SystemSocket
    ) throws(SocketError) -> Outcome {
        var budget = Self.turn
        while !upwardEnded {
            guard budget > 0 else { return .more }
            let step =
                SocketFile.isAtMark(end.number)
                ? try takeUrgent(socket, end)
                : try socket.takeBytes(from: end, atMost: Self.step)
            switch step {
            case .moved(let count): budget -= count
            case .nothing, .noRoom: return .idle
            case .noMemory: return .later
            case .ended:
                upwardEnded = true
                // The event that tells of it may be on its way still.
                if SocketFile.isHungUp(end.number) { isHungUp = true }
                // When the program has closed, closing the connection says the same and more.
                if !isHungUp { try? socket.shutdown(.sending) }
            // ECONNRESET: it was closed while bytes of ours were unread (unix(7)).
            case .failed: return .abandoned
            }
        }
        return .idle
    }

    /// Sends the program's urgent byte, which is the next one.
    private func takeUrgent(
        _ socket: Socket, _ end: SystemSocket
    ) throws(SocketError) -> MovedBytes {
        var byte: [UInt8] = [0]
        guard SocketFile.receive(end.number, &byte, peeking: true) == 1 else {
            return try socket.takeBytes(from: end, atMost: 1)
        }
        do throws(SocketError) {
            _ = try socket.sendMessage(byte.span, flags: [.urgent, .dontWait])
        } catch {
            guard error.isWouldBlock else { throw error }
            return .noRoom
        }
        _ = SocketFile.receive(end.number, &byte, peeking: false)
        return .moved(1)
    }

    // MARK: From the network to the program

    private mutating func runDownward(
        _ socket: Socket, _ end: SystemSocket
    ) throws(SocketError) -> Outcome {
        var budget = Self.turn
        waitsForRoom = false
        while !downwardEnded {
            guard budget > 0 else { return .more }
            if expectsUrgent { giveUrgent(socket, end) }
            let step =
                discardsDownward
                ? try discard(socket) : try socket.giveBytes(to: end, atMost: Self.step)
            switch step {
            case .moved(let count): budget -= count
            case .nothing: return .idle
            case .noRoom:
                waitsForRoom = true
                return .idle
            case .noMemory: return .later
            case .ended:
                downwardEnded = true
                shutdown(end.number, CInt(SHUT_WR))
            case .failed: discardsDownward = true
            }
        }
        return .idle
    }

    /// Throws away what the program does not want.
    private func discard(_ socket: Socket) throws(SocketError) -> MovedBytes {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        var span = bytes.mutableSpan
        do throws(SocketError) {
            let count = try socket.receiveNow(into: &span)
            return count == 0 ? .ended : .moved(count)
        } catch {
            guard error.isWouldBlock else { throw error }
            return .nothing
        }
    }

    /// Passes the urgent byte on, where the bytes before it have all gone.
    private mutating func giveUrgent(_ socket: Socket, _ end: SystemSocket) {
        // SIOCATMARK
        guard let answer = try? socket.control(0x8905), answer.contains(1),
            let byte = try? socket.receiveUrgent()
        else { return }
        expectsUrgent = false
        SocketFile.sendUrgent(end.number, byte)
    }
}
