import Devices
import Setup

/// Where a message comes from.
enum MessageSource {
    case standardInput
    case file(String)
    case given(Message)

    /// A message that stands on the command line behind `option`.
    init(_ option: String, _ text: String) throws(CommandError) {
        switch option {
        case "--hex":
            guard let bytes = Digits.bytes(text) else {
                throw .usage("--hex: '\(text)' is not bytes of two hexadecimal digits each")
            }
            self = .given(.bytes(bytes))
        case "--bits":
            guard let bits = Digits.bits(text) else {
                throw .usage("--bits: '\(text)' is not zeros and ones")
            }
            self = .given(.bits(bits))
        default: self = .given(.bytes(Array(text.utf8)))
        }
    }

    /// More than this is not taken into memory as a whole.
    private static var limit: Int { 16 << 20 }

    /// All of the message.
    func message() throws(CommandError) -> Message {
        if case .given(let message) = self { return message }
        var all: [UInt8] = []
        try read { bytes throws(CommandError) in
            guard all.count + bytes.count <= Self.limit else {
                throw .failure("checksum: --show and --check take messages of up to 16 MiB")
            }
            all += bytes
        }
        return .bytes(all)
    }

    /// The value of a code over the message, which is read piece by piece.
    func value(of code: ErrorDetectingCode) throws(CommandError) -> UInt64 {
        if case .given(let message) = self { return try code.value(of: message) }
        var sum = try RunningCode(code)
        try read { bytes in sum.add(bytes) }
        return sum.value
    }

    private func read(
        _ take: (ArraySlice<UInt8>) throws(CommandError) -> Void
    ) throws(CommandError) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let file = try attempt { () throws(DeviceError) in try open() }
        while true {
            let count = try attempt { () throws(DeviceError) in
                try file.readNext(into: &buffer)
            }
            guard count > 0 else { return }
            try take(buffer[..<count])
        }
    }

    /// What the system refuses, in words.
    private func attempt<Result>(
        _ body: () throws(DeviceError) -> Result
    ) throws(CommandError) -> Result {
        do throws(DeviceError) {
            return try body()
        } catch {
            let name = if case .file(let path) = self { "'\(path)'" } else { "standard input" }
            throw .failure("checksum: \(name): \(error)")
        }
    }

    private func open() throws(DeviceError) -> FileDescriptor {
        guard case .file(let path) = self, path != "-" else {
            return try FileDescriptor.standardInput()
        }
        return try FileDescriptor.file(path)
    }
}
