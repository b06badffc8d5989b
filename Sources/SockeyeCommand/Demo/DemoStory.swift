import Devices
import Dissection
import Memory
import Stack
import Synchronization
import Wire

/// Prints the demonstration as it happens, and draws one conversation as a ladder.
final class DemoStory: Sendable {
    /// A packet of the conversation that will be drawn, with the time it passed.
    private struct Step: ~Copyable {
        let bytes: [UInt8]
        let nanoseconds: Int64
    }

    private struct State: ~Copyable {
        var steps = Ring<Step>()
        var ends: (SocketAddress, SocketAddress)?
        var isDrawing = true
        /// When the first packet passed: where the times of all others count from.
        var start: Instant?
    }

    private let state = Mutex(State())

    func say(_ line: String) { Terminal.print(line) }

    func chapter(_ text: String) {
        Terminal.print("")
        say(text)
    }

    /// Lets the packets that are under way arrive, so that they stand where they belong.
    func pause() async { try? await Task.sleep(for: .milliseconds(60)) }

    /// Keeps a copy of a packet of the first conversation.
    func draw(_ packet: borrowing Packet) {
        var bytes = [UInt8](repeating: 0, count: packet.count)
        var span = bytes.mutableSpan
        _ = packet.copy(from: 0, into: &span)
        let copy = bytes
        let now = MonotonicClock.now()
        state.withLock { state in
            let start = state.start ?? now
            state.start = start
            guard state.isDrawing else { return }
            state.steps.append(Step(bytes: copy, nanoseconds: (now - start).nanoseconds))
        }
    }

    /// The conversation between these ends is the one that is drawn.
    func follow(_ left: SocketAddress, _ right: SocketAddress) {
        state.withLock { $0.ends = (left, right) }
    }

    /// Prints the ladder of what was kept, and keeps no more.
    func showLadder() {
        let lines = state.withLock { state in
            state.isDrawing = false
            guard let (left, right) = state.ends else { return [String]() }
            var ladder = Ladder(.ethernet, left: left, right: right)
            var lines = [ladder.heading]
            var states = ConversationStates(client: left)
            while let step = state.steps.popFirst() {
                states.follow(step.bytes.span)
                let rung = ladder.rung(
                    step.bytes.span, at: step.nanoseconds, leftState: states.client.name,
                    rightState: states.server.name)
                if let rung { lines.append(rung) }
            }
            return lines
        }
        for line in lines { say("  " + line) }
    }
}
