/// CRC-32 and CRC-32C at speed: eight bytes a step, by tables made once.
///
/// What it gives is what `CyclicCode` gives for the same parameters. Bytes may come in pieces.
@frozen
public struct FastCRC32: Sendable {
    /// Which of the two polynomials.
    @frozen
    public enum Kind: Sendable {
        /// Of Ethernet's frame check sequence (IEEE 802.3 §3.2.9), PPP and gzip.
        case ethernet
        /// Castagnoli's, of SCTP (RFC 9260 appendix A) and iSCSI.
        case castagnoli
    }

    private let kind: Kind
    private var register = UInt32.max

    public init(_ kind: Kind) { self.kind = kind }

    /// The check value of `bytes`.
    public static func checksum(of bytes: Span<UInt8>, _ kind: Kind) -> UInt32 {
        var code = FastCRC32(kind)
        code.add(bytes)
        return code.value
    }

    /// The check value of what was added. Ethernet and SCTP send it with its least significant
    /// byte first.
    public var value: UInt32 { ~register }

    /// What `value` is when the bytes end with their own check value, least significant byte
    /// first.
    public static func residue(_ kind: Kind) -> UInt32 {
        switch kind {
        case .ethernet: 0x2144_DF1C
        case .castagnoli: 0x4867_4BC7
        }
    }

    /// Adds bytes that follow those added before.
    public mutating func add(_ bytes: Span<UInt8>) {
        switch kind {
        case .ethernet: register = Self.add(bytes, to: register, Self.ethernet.span)
        case .castagnoli: register = Self.add(bytes, to: register, Self.castagnoli.span)
        }
    }

    private static func add(
        _ bytes: Span<UInt8>, to register: UInt32, _ tables: Span<UInt32>
    ) -> UInt32 {
        var register = register
        var offset = 0
        while offset &+ 8 <= bytes.count {
            // Each of the eight bytes goes through the table that knows how far it is from the end.
            let high = UInt32(bytes[offset &+ 7]) << 24 | UInt32(bytes[offset &+ 6]) << 16
            let low = UInt32(bytes[offset &+ 5]) << 8 | UInt32(bytes[offset &+ 4])
            let behind = high | low
            let front =
                register
                ^ (UInt32(bytes[offset &+ 3]) << 24 | UInt32(bytes[offset &+ 2]) << 16
                    | UInt32(bytes[offset &+ 1]) << 8 | UInt32(bytes[offset]))
            register =
                tables[Int(0x700 | front & 0xFF)] ^ tables[Int(0x600 | front >> 8 & 0xFF)]
                ^ tables[Int(0x500 | front >> 16 & 0xFF)] ^ tables[Int(0x400 | front >> 24)]
            register ^=
                tables[Int(0x300 | behind & 0xFF)] ^ tables[Int(0x200 | behind >> 8 & 0xFF)]
                ^ tables[Int(0x100 | behind >> 16 & 0xFF)] ^ tables[Int(behind >> 24)]
            offset &+= 8
        }
        while offset < bytes.count {
            register =
                register >> 8 ^ tables[Int((register ^ UInt32(bytes[offset])) & 0xFF)]
            offset &+= 1
        }
        return register
    }

    private static let ethernet = tables(0xEDB8_8320)
    private static let castagnoli = tables(0x82F6_3B78)

    /// Eight tables of 256: entry b of table k is what byte b does to the register when k more
    /// bytes follow it.
    ///
    /// - Parameter polynomial: Mirrored.
    private static func tables(_ polynomial: UInt32) -> [UInt32] {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value >> 1 ^ (value & 1 == 0 ? 0 : polynomial) }
            tables[byte] = value
        }
        for index in 256..<8 * 256 {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
        }
        return tables
    }
}
