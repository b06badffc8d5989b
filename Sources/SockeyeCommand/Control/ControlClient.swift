import Devices
import Glibc
import Setup

/// Has a tool run on a host of another process, and shows what it writes.
struct ControlClient {
    private let stream: LocalStream

    /// - Parameter name: Of the host; nil where only one runs.
    init(_ name: String?) throws(CommandError) {
        stream = try ControlDirectory().connect(to: name)
    }

    /// Runs `tool` to its end; its exit status.
    func run(_ tool: String, _ words: [String]) throws(CommandError) -> Int32 {
        // Held back so that the tool can still say how it went.
        let signals = Signals(holding: [SIGINT, SIGTERM])
        do throws(DeviceError) {
            try stream.send(Array(ControlRequest.line(tool, words).utf8))
            try SystemThread.start { [stream] in
                _ = signals.wait()
                stream.endSending()
                // Whoever asks twice does not want to wait.
                _ = signals.wait()
                stream.end()
            }
        } catch {
            throw .failure("\(tool): \(error)")
        }
        var reader = LineReader(stream, limit: 16 << 20)
        while let line = try reader.next() {
            switch ControlReply(line) {
            case .output(let text): StandardStream.output.write(text)
            case .error(let text): Terminal.error(text)
            case .exit(let status): return status
            case nil: throw .failure("\(tool): the host's answer is not understood")
            }
        }
        throw .failure("\(tool): the host has ended")
    }
}
