/// A frame as far as it was captured, and tcpdump's line.
struct Recording {
    let frame: [UInt8]
    /// How many bytes of the frame were not captured.
    let beyond: Int
    let line: String

    /// The recordings of a text: the frame in hexadecimal, "+" and the count, the line.
    static func all(in text: String) -> [Recording] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return stride(from: 0, to: lines.count - 2, by: 3).map {
            Recording(
                frame: bytes(lines[$0]), beyond: Int(lines[$0 + 1]) ?? 0,
                line: String(lines[$0 + 2]))
        }
    }

    private static func bytes(_ digits: Substring) -> [UInt8] {
        let values = digits.utf8.map { $0 < 0x40 ? $0 - 0x30 : $0 - 0x57 }
        return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    }
}
