import Devices
import Setup
import Synchronization

/// Where a tool writes, and what tells it to come to an end.
protocol ToolTerminal: Sendable {
    /// Writes on standard output. What nobody reads any more is lost.
    func write(_ text: String)
    /// Writes a line on standard error.
    func complain(_ line: String)
    /// Polls readable once the tool is to come to an end.
    var interruption: CInt { get }
}

extension ToolTerminal {
    func print(_ line: String) { write(line + "\n") }
}

/// The terminal of this process; SIGINT and SIGTERM interrupt the tool.
final class OwnTerminal: ToolTerminal {
    private let wakeUp: WakeUp

    /// - Parameter signals: Those held back, which interrupt the tool from now on.
    init(_ signals: Signals) throws(CommandError) {
        do throws(DeviceError) {
            let wakeUp = try WakeUp()
            self.wakeUp = wakeUp
            try SystemThread.start {
                _ = signals.wait()
                wakeUp.signal()
            }
        } catch {
            throw .failure("\(error)")
        }
    }

    func write(_ text: String) { StandardStream.output.write(text) }
    func complain(_ line: String) { Terminal.error(line) }
    var interruption: CInt { wakeUp.descriptor }
}

/// The program at the other end of a control socket; it interrupts the tool by ending its side, or
/// by being gone.
final class RemoteTerminal: ToolTerminal {
    private let stream: LocalStream
    private let isGone = Atomic(false)

    init(_ stream: LocalStream) { self.stream = stream }

    func write(_ text: String) { send(.output(text)) }
    func complain(_ line: String) { send(.error(line)) }
    func exit(_ status: Int32) { send(.exit(status)) }
    var interruption: CInt { stream.descriptor }

    private func send(_ reply: ControlReply) {
        guard !isGone.load(ordering: .relaxed) else { return }
        do throws(DeviceError) {
            try stream.send(Array(reply.line.utf8))
        } catch {
            // Whoever waits on the stream is woken by its end.
            isGone.store(true, ordering: .relaxed)
            stream.end()
        }
    }
}
