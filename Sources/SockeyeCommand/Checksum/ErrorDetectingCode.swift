import Memory
import Setup

/// The codes of `sockeye checksum`.
enum ErrorDetectingCode {
    case parity(Parity)
    /// Two-dimensional parity, with so many bits in a row.
    case block(rowWidth: Int)
    case internet
    case cyclic(name: String, CyclicCode)

    static var standard: ErrorDetectingCode { named("crc-32") ?? .internet }

    static func named(_ text: String) -> ErrorDetectingCode? {
        switch text.lowercased() {
        case "even", "parity": .parity(.even)
        case "odd": .parity(.odd)
        case "block": .block(rowWidth: 8)
        case "internet": .internet
        default: CyclicCode.preset(text).map { .cyclic(name: $0.name, $0.code) }
        }
    }

    var name: String {
        switch self {
        case .parity(.even): "even parity"
        case .parity(.odd): "odd parity"
        case .block: "block parity"
        case .internet: "internet"
        case .cyclic(let name, _): name
        }
    }

    /// The codes by name, a line each.
    static var list: [String] {
        var rows = [
            ("even", "one bit that makes the number of ones even"),
            ("odd", "one bit that makes the number of ones odd"),
            ("block", "a parity bit for each row and each column"),
            ("internet", "ones' complement sum of 16-bit words: IP, ICMP, UDP, TCP (RFC 1071)"),
        ]
        for preset in CyclicCode.presets {
            let others =
                preset.aliases.isEmpty ? "" : "; also \(preset.aliases.joined(separator: ", "))"
            rows.append((preset.name, preset.use + others))
        }
        return rows.map { name, use in
            name + String(repeating: " ", count: max(1, 20 - name.count)) + use
        }
    }

    /// How many bits the value has; nil where that depends on the message.
    private var width: Int? {
        switch self {
        case .parity: 1
        case .block: nil
        case .internet: 16
        case .cyclic(_, let code): code.width
        }
    }

    func text(_ value: UInt64) -> String {
        switch self {
        case .parity, .block: String(value)
        case .internet: "0x" + Digits.hexadecimal(value, digits: 4)
        case .cyclic(_, let code):
            "0x" + Digits.hexadecimal(value, digits: (code.width + 3) / 4)
                + (code.width < 16
                    ? " (\(Digits.text(Digits.bits(value, width: code.width))))" : "")
        }
    }

    /// The value of a message. For a block it is how many of its parity bits are one.
    func value(of message: Message) throws(CommandError) -> UInt64 {
        switch self {
        case .parity(let parity):
            return parity.bit(ones: message.bits().count { $0 }) ? 1 : 0
        case .block:
            let block = try parityBlock(of: message)
            let bits = block.rows + block.columns + [block.corner]
            return UInt64(bits.count { $0 })
        case .internet:
            var sum = InternetChecksum()
            let bytes = try wholeBytes(of: message)
            sum.add(bytes.span)
            return UInt64(sum.value)
        case .cyclic(_, let code):
            var register = CyclicRegister(code)
            switch message {
            case .bytes(let bytes): register.add(bytes.span)
            case .bits(let bits): for bit in bits { register.add(bit: bit) }
            }
            return register.value
        }
    }

    func parityBlock(of message: Message) throws(CommandError) -> ParityBlock {
        guard case .block(let width) = self else { throw .failure("checksum: no block") }
        return ParityBlock(message.bits(), width: width, .even)
    }

    func wholeBytes(of message: Message) throws(CommandError) -> [UInt8] {
        guard let bytes = message.bytes else {
            throw .usage(
                "checksum: the Internet checksum covers whole bytes, not \(message.bitCount) bits")
        }
        return bytes
    }

    /// A message that ends with its value, and the value it ends with; nil when it is too short,
    /// or the code's value does not stand at the end.
    ///
    /// Bytes end with the value's least significant byte first where the code mirrors its output,
    /// as Ethernet does, and bits with its least significant bit; else the most significant comes
    /// first. The Internet checksum may be the last 16-bit word only.
    func split(_ message: Message) -> (Message, UInt64)? {
        guard let width, message.bitCount >= width else { return nil }
        let mirrors: Bool
        if case .cyclic(_, let code) = self {
            mirrors = code.reflectsOutput
        } else {
            mirrors = false
        }
        if case .bytes(let bytes) = message, width % 8 == 0 {
            let tail = bytes.suffix(width / 8)
            let ordered = mirrors ? Array(tail.reversed()) : Array(tail)
            let value = ordered.reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
            return (.bytes(Array(bytes.dropLast(width / 8))), value)
        }
        let bits = message.bits(mirrored: mirrorsInput)
        let tail = bits.suffix(width)
        let value = mirrors ? Digits.number(tail.reversed()) : Digits.number(tail)
        return (.bits(Array(bits.dropLast(width))), value)
    }

    private var mirrorsInput: Bool {
        if case .cyclic(_, let code) = self { return code.reflectsInput }
        return false
    }
}

/// A code over a message that comes in pieces.
struct RunningCode {
    private enum State {
        case ones(Int, Parity)
        case internet(InternetChecksum)
        case fast(FastCRC32)
        case cyclic(CyclicRegister)
    }

    private var state: State

    init(_ code: ErrorDetectingCode) throws(CommandError) {
        switch code {
        case .parity(let parity): state = .ones(0, parity)
        case .block: throw .usage("checksum: --code block is for --show")
        case .internet: state = .internet(InternetChecksum())
        case .cyclic("crc-32", _): state = .fast(FastCRC32(.ethernet))
        case .cyclic("crc-32c", _): state = .fast(FastCRC32(.castagnoli))
        case .cyclic(_, let code): state = .cyclic(CyclicRegister(code))
        }
    }

    mutating func add(_ bytes: ArraySlice<UInt8>) {
        switch state {
        case .ones(let ones, let parity):
            state = .ones(bytes.reduce(ones) { $0 + $1.nonzeroBitCount }, parity)
        case .internet(var sum):
            sum.add(bytes.span)
            state = .internet(sum)
        case .fast(var code):
            code.add(bytes.span)
            state = .fast(code)
        case .cyclic(var register):
            register.add(bytes.span)
            state = .cyclic(register)
        }
    }

    var value: UInt64 {
        switch state {
        case .ones(let ones, let parity): parity.bit(ones: ones) ? 1 : 0
        case .internet(let sum): UInt64(sum.value)
        case .fast(let code): UInt64(code.value)
        case .cyclic(let register): register.value
        }
    }
}
