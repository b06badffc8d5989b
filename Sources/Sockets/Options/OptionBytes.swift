import Glibc
import Wire

/// Why an option could not be read or set: an `errno`.
struct OptionError: Error {
    let code: CInt
    init(_ code: CInt) { self.code = code }

    static var unknown: OptionError { OptionError(ENOPROTOOPT) }
    static var invalid: OptionError { OptionError(EINVAL) }
}

/// Numbers and addresses in the bytes of options. Numbers are in the machine's order, which is
/// little-endian wherever this runs; addresses are in that of the network.
struct OptionBytes {
    let bytes: [UInt8]

    init(_ bytes: Span<UInt8>) { self.bytes = bytes.indices.map { bytes[$0] } }
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var count: Int { bytes.count }

    /// - Throws: `EINVAL` when there are fewer bytes.
    func require(_ count: Int) throws(OptionError) {
        guard bytes.count >= count else { throw .invalid }
    }

    /// - Throws: `EINVAL` when there are fewer than four bytes.
    func int(at offset: Int = 0) throws(OptionError) -> Int32 {
        try require(offset + 4)
        return Int32(bitPattern: word(offset))
    }

    func word(_ offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
    }

    func half(_ offset: Int) -> UInt16 { UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8 }

    func long(_ offset: Int) -> Int64 {
        Int64(bitPattern: UInt64(word(offset)) | UInt64(word(offset + 4)) << 32)
    }

    func v4(_ offset: Int) -> IPAddress {
        .v4(bytes[offset], bytes[offset + 1], bytes[offset + 2], bytes[offset + 3])
    }

    func v6(_ offset: Int) -> IPAddress {
        let halves = (0..<2).map { half in
            (0..<8).reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[offset + 8 * half + $1]) }
        }
        return IPAddress(high: halves[0], low: halves[1])
    }

    // MARK: - Writing

    static func int(_ value: Int32) -> [UInt8] { word(UInt32(bitPattern: value)) }

    static func word(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }

    static func half(_ value: UInt16) -> [UInt8] {
        [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
    }

    static func long(_ value: Int64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> Int64(8 * $0)) }
    }

    static func v4(_ address: IPAddress) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: address.low >> UInt64(8 * (3 - $0))) }
    }

    static func v6(_ address: IPAddress) -> [UInt8] {
        (0..<16).map { index in
            let half = index < 8 ? address.high : address.low
            return UInt8(truncatingIfNeeded: half >> UInt64(8 * (7 - index % 8)))
        }
    }
}
