import Devices
import Dissection
import Memory
import Synchronization

/// Prints packets as tcpdump does, one line each, with the time since the first.
final class PacketPrinter: Sendable {
    private struct State: ~Copyable {
        var dissector: Dissector
        var start: Int64?
    }

    private let state: Mutex<State>
    private let print: @Sendable (String) -> Void

    init(_ framing: Framing, to print: @escaping @Sendable (String) -> Void) {
        state = Mutex(State(dissector: Dissector(framing)))
        self.print = print
    }

    func show(_ packet: borrowing Packet) {
        let now = MonotonicClock.now().nanoseconds
        let head = packet.head
        let beyond = packet.countBehindHead
        let line = state.withLock { state in
            let start = state.start ?? now
            state.start = start
            let milliseconds = (now - start) / 1_000_000
            let microseconds = (now - start) / 1000 % 1000
            let time = "\(milliseconds).\(Self.threeDigits(microseconds))"
            return "\(Self.padded(time)) ms  \(state.dissector.line(head, beyond: beyond))"
        }
        print(line)
    }

    private static func threeDigits(_ number: Int64) -> String {
        let text = String(number)
        return String(repeating: "0", count: 3 - text.count) + text
    }

    private static func padded(_ text: String) -> String {
        String(repeating: " ", count: max(0, 10 - text.count)) + text
    }
}
