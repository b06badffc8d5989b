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
        show(packet.head, beyond: packet.countBehindHead, at: MonotonicClock.now().nanoseconds)
    }

    /// Prints a line for each packet of a record.
    ///
    /// - Parameters:
    ///   - program: Whose packet it is, where that is known.
    ///   - note: What else is to be said of it.
    func show(_ record: PacketRecord, program: String?, note: String?) {
        let before = program.map { "\($0): " } ?? ""
        let after = note.map { "  [\($0)]" } ?? ""
        record.each { bytes in
            show(bytes, at: record.time.nanoseconds, before: before, after: after)
        }
    }

    private func show(
        _ bytes: Span<UInt8>, beyond: Int = 0, at now: Int64, before: String = "",
        after: String = ""
    ) {
        let line = state.withLock { state in
            let start = state.start ?? now
            state.start = start
            let milliseconds = (now - start) / 1_000_000
            let microseconds = (now - start) / 1000 % 1000
            let time = "\(milliseconds).\(Self.threeDigits(microseconds))"
            let text = state.dissector.line(bytes, beyond: beyond)
            return "\(Self.padded(time)) ms  \(before)\(text)\(after)"
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
