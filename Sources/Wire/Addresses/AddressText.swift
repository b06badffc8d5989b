/// The one writer of addresses: appends them to a text, byte by byte.
struct AddressText {
    static let dot = UInt8(ascii: ".")
    static let colon = UInt8(ascii: ":")
    static let slash = UInt8(ascii: "/")
    static let openingBracket = UInt8(ascii: "[")
    static let closingBracket = UInt8(ascii: "]")
    static let percent = UInt8(ascii: "%")

    private var bytes: [UInt8] = []

    var string: String { String(decoding: bytes, as: UTF8.self) }

    mutating func append(_ byte: UInt8) { bytes.append(byte) }

    mutating func appendDecimal(_ number: Int) {
        if number >= 10 { appendDecimal(number / 10) }
        bytes.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number % 10))
    }

    /// Appends `number` without leading zeros.
    mutating func appendHexadecimal(_ number: UInt64) {
        if number >= 16 { appendHexadecimal(number >> 4) }
        let digit = UInt8(truncatingIfNeeded: number & 0xF)
        bytes.append(digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ digit &- 10)
    }

    mutating func append(_ address: IPAddress) {
        if let quad = address.v4 { append(quad) } else { append(address.v6) }
    }

    mutating func append(_ address: IPv4Address) {
        for shift: UInt32 in [24, 16, 8, 0] {
            if shift < 24 { append(Self.dot) }
            appendDecimal(Int(address.rawValue >> shift & 0xFF))
        }
    }

    /// Appends the canonical form (RFC 5952 §4 and §5).
    mutating func append(_ address: IPv6Address) {
        if address.isIPv4Mapped {
            for byte in "::ffff:".utf8 { append(byte) }
            append(IPv4Address(UInt32(truncatingIfNeeded: address.low)))
            return
        }
        let run = Self.longestZeroRun(of: address)
        var index = 0
        while index < 8 {
            if index == run.lowerBound, !run.isEmpty {
                append(Self.colon)
                append(Self.colon)
                index = run.upperBound
                continue
            }
            if index > 0, index != run.upperBound || run.isEmpty { append(Self.colon) }
            appendHexadecimal(Self.group(index, of: address))
            index += 1
        }
    }

    /// The first of the longest runs of two or more groups that are zero, empty if there is none.
    private static func longestZeroRun(of address: IPv6Address) -> Range<Int> {
        var longest = 0..<0
        var start = 0
        for index in 0..<8 {
            guard group(index, of: address) == 0 else {
                start = index + 1
                continue
            }
            let run = start..<index + 1
            if run.count >= 2, run.count > longest.count { longest = run }
        }
        return longest
    }

    private static func group(_ index: Int, of address: IPv6Address) -> UInt64 {
        let half = index < 4 ? address.high : address.low
        return half >> UInt64(48 - 16 * (index & 3)) & 0xFFFF
    }
}
