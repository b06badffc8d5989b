import Devices
import Setup

/// Lines out of a stream of bytes.
struct LineReader {
    private let stream: LocalStream
    private let limit: Int
    private var bytes: [UInt8] = []
    private var isOver = false

    /// - Parameter limit: Bytes that a line may have.
    init(_ stream: LocalStream, limit: Int) {
        self.stream = stream
        self.limit = limit
    }

    /// Waits for the next line and takes it, without its end; nil at the end of the stream.
    ///
    /// - Throws: When the line is too long or no UTF-8, or no byte came in time.
    mutating func next() throws(CommandError) -> String? {
        while true {
            if let end = bytes.firstIndex(of: 0x0A) {
                let line = bytes[..<end]
                bytes.removeFirst(end + 1)
                guard let text = String(validating: line, as: UTF8.self) else {
                    throw .usage("control: a line is not UTF-8")
                }
                return text
            }
            guard bytes.count < limit else {
                throw .usage("control: a line is longer than \(limit) bytes")
            }
            guard !isOver else { return nil }
            try more()
        }
    }

    private mutating func more() throws(CommandError) {
        do throws(DeviceError) {
            let next = try stream.receive(atMost: 16_384)
            isOver = next.isEmpty
            bytes += next
        } catch {
            throw .failure("control: \(error)")
        }
    }
}
