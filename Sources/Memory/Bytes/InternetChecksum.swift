/// The ones' complement sum of 16-bit words that IP, ICMP, UDP and TCP carry (RFC 1071).
///
/// Bytes may come in pieces of any length: an odd piece leaves the next one shifted by a byte, as
/// if they stood together.
@frozen
public struct InternetChecksum: Sendable {
    @usableFromInline var sum: UInt64 = 0
    @usableFromInline var isOdd = false

    @inlinable
    public init() {}

    /// Adds a 16-bit word that stands at an even place.
    @inlinable
    public mutating func add(_ word: UInt16) { sum &+= UInt64(word) }

    /// Adds two 16-bit words that stand at an even place.
    @inlinable
    public mutating func add(_ words: UInt32) { sum &+= UInt64(words >> 16 &+ words & 0xFFFF) }

    /// Adds four 16-bit words that stand at an even place.
    @inlinable
    public mutating func add(_ words: UInt64) {
        add(UInt32(truncatingIfNeeded: words >> 32))
        add(UInt32(truncatingIfNeeded: words))
    }

    /// Adds the bytes that follow those added before.
    public mutating func add(_ bytes: Span<UInt8>) {
        var piece = Self.sum(of: bytes)
        if isOdd { piece = (piece & 0xFF) << 8 | piece >> 8 }
        sum &+= piece
        isOdd = isOdd != (bytes.count & 1 == 1)
    }

    /// The sum folded to 16 bits and not complemented, as a header carries it whose checksum the
    /// link completes.
    @inlinable
    public var partial: UInt16 { Self.folded(sum) }

    /// The checksum as a header carries it; zero when the sum covers a correct checksum.
    @inlinable
    public var value: UInt16 { ~partial }

    /// The checksum after one of the covered 16-bit words changed (RFC 1624, equation 3).
    @inlinable
    public static func updated(_ checksum: UInt16, from old: UInt16, to new: UInt16) -> UInt16 {
        ~folded(UInt64(~checksum) &+ UInt64(~old) &+ UInt64(new))
    }

    @inlinable
    static func folded(_ sum: UInt64) -> UInt16 {
        var sum = (sum & 0xFFFF_FFFF) &+ sum >> 32
        sum = (sum & 0xFFFF) &+ sum >> 16 & 0xFFFF &+ sum >> 32
        sum = (sum & 0xFFFF) &+ sum >> 16
        sum = (sum & 0xFFFF) &+ sum >> 16
        return UInt16(truncatingIfNeeded: sum)
    }

    /// The folded sum of `bytes` as big-endian words, eight bytes at a time: a ones' complement
    /// sum comes out the same in any byte order, up to one swap at the end (RFC 1071 §2).
    private static func sum(of bytes: Span<UInt8>) -> UInt64 {
        unsafe bytes.withUnsafeBytes { raw in
            var low: UInt64 = 0
            var high: UInt64 = 0
            var offset = 0
            let count = raw.count
            // Halves of 32 bits in two accumulators leave room for 2³² additions each.
            while offset &+ 32 <= count {
                let a = unsafe raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                let b = unsafe raw.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self)
                let c = unsafe raw.loadUnaligned(fromByteOffset: offset &+ 16, as: UInt64.self)
                let d = unsafe raw.loadUnaligned(fromByteOffset: offset &+ 24, as: UInt64.self)
                low &+= (a & 0xFFFF_FFFF) &+ (b & 0xFFFF_FFFF)
                low &+= (c & 0xFFFF_FFFF) &+ (d & 0xFFFF_FFFF)
                high &+= a >> 32 &+ b >> 32 &+ c >> 32 &+ d >> 32
                offset &+= 32
            }
            while offset &+ 2 <= count {
                low &+= UInt64(unsafe raw.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
                offset &+= 2
            }
            if offset < count {
                // The missing second byte of the last word counts as zero.
                let last = UInt16(unsafe raw[offset])
                low &+= UInt64(UInt16(littleEndian: last))
            }
            let word = folded(
                (low & 0xFFFF_FFFF) &+ low >> 32 &+ (high & 0xFFFF_FFFF) &+ high >> 32)
            return UInt64(UInt16(bigEndian: word))
        }
    }
}
