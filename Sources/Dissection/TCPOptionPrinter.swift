import Memory
import Wire

/// Prints the options of a TCP header, also where they contradict themselves.
struct TCPOptionPrinter {
    /// How many bytes of options the header claims to have.
    let count: Int
    /// What SACK blocks are relative to.
    let sackBase: UInt32

    /// The kinds that only people need by name (IANA, TCP Option Kind Numbers).
    private enum Kind {
        static var echo: UInt8 { 6 }
        static var echoReply: UInt8 { 7 }
        static var signature: UInt8 { 19 }
        static var userTimeout: UInt8 { 28 }
        static var authentication: UInt8 { 29 }
        static var multipath: UInt8 { 30 }
        static var fastOpen: UInt8 { 34 }
    }

    /// - Parameter options: The options and what follows them, as far as it is there.
    /// - Returns: Whether all of them were well-formed; otherwise the line ends there.
    func append(_ options: Span<UInt8>, to line: inout String) throws(Truncation) -> Bool {
        line += ", options ["
        var offset = 0
        var separator = ""
        while offset < count {
            line += separator
            let kind = try byte(options, offset)
            let isSingle = kind == OptionCursor.end || kind == OptionCursor.noOperation
            let length = isSingle ? 1 : Int(try byte(options, offset &+ 1))
            guard isSingle || (length >= 2 && length <= count &- offset) else {
                line += separator.isEmpty ? "[bad opt]" : "[bad opt]]"
                return false
            }
            line += Self.name(kind)
            offset &+= isSingle ? 1 : 2
            let expected = Self.dataCount(kind) ?? length &- (isSingle ? 1 : 2)
            guard expected <= count &- offset else {
                line += separator.isEmpty ? "[bad opt]" : "[bad opt]]"
                return false
            }
            guard expected <= options.count &- offset else { throw .tcp }
            let data = options.extracting(offset..<offset &+ expected)
            line += text(kind, data)
            offset &+= expected
            if expected &+ (isSingle ? 1 : 2) != length { line += "[len \(length)]" }
            separator = ","
            if kind == OptionCursor.end { break }
        }
        line += "]"
        return true
    }

    private func byte(_ options: Span<UInt8>, _ offset: Int) throws(Truncation) -> UInt8 {
        guard offset < options.count else { throw .tcp }
        return options[offset]
    }

    private static func name(_ kind: UInt8) -> String {
        switch TCPOptionKind(rawValue: kind) {
        case .end: return "eol"
        case .noOperation: return "nop"
        case .maximumSegmentSize: return "mss"
        case .windowScale: return "wscale"
        case .sackPermitted: return "sackOK"
        case .sack: return "sack"
        case .timestamps: return "TS"
        default: break
        }
        switch kind {
        case Kind.echo: return "echo"
        case Kind.echoReply: return "echoreply"
        case Kind.signature: return "md5"
        case Kind.userTimeout: return "uto"
        case Kind.authentication: return "tcp-ao"
        case Kind.multipath: return "mptcp"
        case Kind.fastOpen: return "tfo"
        default: return "unknown-\(kind)"
        }
    }

    /// How many bytes of data a kind has that does not vary; what its length says, nil.
    private static func dataCount(_ kind: UInt8) -> Int? {
        switch TCPOptionKind(rawValue: kind) {
        case .end, .noOperation, .sackPermitted: 0
        case .maximumSegmentSize: 2
        case .windowScale: 1
        case .timestamps: 8
        default:
            switch kind {
            case Kind.echo, Kind.echoReply: 4
            case Kind.signature: 16
            case Kind.userTimeout: 2
            default: nil
            }
        }
    }

    /// What stands behind the name.
    private func text(_ kind: UInt8, _ data: Span<UInt8>) -> String {
        switch TCPOptionKind(rawValue: kind) {
        case .end, .noOperation, .sackPermitted: return ""
        case .maximumSegmentSize: return " \(data.uint16(at: 0))"
        case .windowScale: return " \(data[0])"
        case .timestamps: return " val \(data.uint32(at: 0)) ecr \(data.uint32(at: 4))"
        case .sack: return blocks(data)
        default: break
        }
        switch kind {
        case Kind.echo, Kind.echoReply: return " \(data.uint32(at: 0))"
        case Kind.userTimeout:
            let value = data.uint16(at: 0)
            let seconds = value & 1 == 1 ? Int(value >> 1) &* 60 : Int(value >> 1)
            return " 0x\(Text.hexadecimal(UInt64(value))) \(seconds)"
        case Kind.signature: return " can't check - " + hexadecimal(data)
        case Kind.fastOpen: return data.count == 0 ? "  cookiereq" : "  cookie " + hexadecimal(data)
        default: return data.count == 0 ? "" : " 0x" + hexadecimal(data)
        }
    }

    private func blocks(_ data: Span<UInt8>) -> String {
        guard data.count % 8 == 0 else { return " invalid sack" }
        var text = " \(data.count / 8) "
        for offset in stride(from: 0, to: data.count, by: 8) {
            let start = data.uint32(at: offset) &- sackBase
            let end = data.uint32(at: offset &+ 4) &- sackBase
            text += "{\(start):\(end)}"
        }
        return text
    }

    private func hexadecimal(_ data: Span<UInt8>) -> String {
        var text = ""
        for index in data.indices { text += Text.hexadecimal(UInt64(data[index]), digits: 2) }
        return text
    }
}
