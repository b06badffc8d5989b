import Stack

/// A fuzzed host whose link is written down: for each frame a byte of flags, two of length, and
/// the frame.
///
/// The lowest bit of the flags makes sequence numbers absolute, counting from those of the last
/// connection; the two lowest make checksums right; the next three say how much time passes first.
extension FrameFuzzer {
    static func problem(withRecords bytes: [UInt8]) -> String? {
        do throws(StackError) {
            var fuzzer = try FrameFuzzer(seed: 1)
            fuzzer.run(records: bytes)
            return fuzzer.finish()
        } catch {
            return "no host can be made"
        }
    }

    static func problem(withChoices bytes: [UInt8], _ focus: FuzzFocus) -> String? {
        do throws(StackError) {
            var fuzzer = try FrameFuzzer(seed: 1, focus)
            var choices = Choices(bytes: bytes)
            fuzzer.run(&choices, frames: 10_000)
            return fuzzer.finish()
        } catch {
            return "no host can be made"
        }
    }

    private static let waits: [Interval] = [
        .zero, .microseconds(10), .milliseconds(1), .milliseconds(50), .milliseconds(300),
        .seconds(1), .seconds(10), .seconds(100),
    ]

    mutating func run(records bytes: [UInt8]) {
        var rest = bytes[...]
        while rest.count >= 3, problem == nil {
            let flags = rest.removeFirst()
            let length = Int(rest.removeFirst()) << 8 | Int(rest.removeFirst())
            var frame = Array(rest.prefix(length))
            rest = rest.dropFirst(length)
            if flags & 1 != 0 { peer.rebase(&frame) }
            if flags & 3 != 0 { FrameMutation.repair(&frame) }
            pass(Self.waits[Int(flags >> 2 & 7)])
            deliver(frame)
            settle()
            serve()
            settle()
        }
    }

    /// An application that echoes what it reads, and says something first.
    private mutating func serve() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        do throws(StackError) {
            let endpoint = try host.accept(listener)
            streams.append(endpoint)
            _ = try host.send(endpoint, buffer.span.extracting(first: 3000))
        } catch {
            // Nobody came.
        }
        for endpoint in streams {
            do throws(StackError) {
                var span = buffer.mutableSpan
                let count = try host.receive(endpoint, into: &span)
                _ = try host.send(endpoint, buffer.span.extracting(first: count))
            } catch {
                continue
            }
        }
        do throws(StackError) {
            var span = buffer.mutableSpan
            let datagram = try host.receiveDatagram(datagrams, into: &span)
            let bytes = buffer.span.extracting(first: datagram.count)
            try host.send(datagrams, bytes, to: datagram.source)
        } catch {
            // Nothing came, or its sender cannot be answered.
        }
        if streams.count > 8 { close(0) }
    }
}
