import FrameFuzzing
import Sockets
import Stack

/// Calls that wait, a while.
extension SocketCaller {
    /// Makes one call that suspends the task until it is served, times out or is cancelled.
    public mutating func suspendingCall() async {
        guard let socket = pick() else { return }
        let limit = Duration.milliseconds(choices.next(below: 400))
        let clock = socket.network.clock
        let kind = choices.next(below: 7)
        var buffer = [UInt8](repeating: 0, count: choices.next(below: 3000))
        // What waits is a socket of its own mind while the call is made.
        let isNonblocking = socket.isNonblocking
        socket.isNonblocking = false
        do {
            try await clock.withTimeout(limit) {
                switch kind {
                case 0: _ = try await socket.receive(into: &buffer)
                case 1: _ = try await socket.receiveMessage(into: &buffer)
                case 2: try await socket.send(buffer)
                case 3: _ = try await socket.sendMessage(buffer)
                case 4: _ = try await socket.accept()
                case 5: _ = try await socket.wait(for: [.readable, .priority])
                default:
                    var entries = [PollEntry(.socket(socket), for: .readable)]
                    _ = try await Polling.poll(&entries)
                }
            }
        } catch {
            // Refused, late or closed.
        }
        socket.isNonblocking = isNonblocking
    }

    /// Makes one call that blocks the thread until it is served or a few milliseconds are over.
    public mutating func blockingCall() {
        guard let socket = pick() else { return }
        do throws(SocketError) {
            switch choices.next(below: 3) {
            case 0: try socket.wait(for: [.readable, .writable], atMost: .milliseconds(2))
            case 1: try socket.wait(for: .readable, atMost: .milliseconds(1))
            default:
                var entries = [
                    PollEntry(.socket(socket), for: .readable),
                    PollEntry(pick().map { Pollable.socket($0) }, for: .readable),
                ]
                _ = try Polling.poll(&entries, atMost: .milliseconds(2))
            }
        } catch {
            // Refused, late or closed.
        }
    }
}
