import Memory

/// An endless sequence of bytes that anybody can compute again, to prove that a transfer lost,
/// doubled and moved nothing: the outputs of SplitMix64 from state 0, in network order.
///
/// Byte n is byte n mod 8, the most significant first, of
///
///     z = (n/8 + 1) * 0x9E3779B97F4A7C15      (all mod 2^64)
///     z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
///     z = (z ^ z>>27) * 0x94D049BB133111EB
///     z ^ z>>31
public enum ByteSequence {
    /// Fills the places `range` of `bytes` with what the sequence has from `offset` on.
    public static func fill(
        _ bytes: inout MutableSpan<UInt8>, _ range: Range<Int>, from offset: Int
    ) {
        var place = range.lowerBound
        var n = offset
        while place < range.upperBound {
            if n % 8 == 0, range.upperBound - place >= 8 {
                bytes.write(word(n / 8), at: place)
                place += 8
                n += 8
            } else {
                bytes[place] = byte(n)
                place += 1
                n += 1
            }
        }
    }

    private static func byte(_ n: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: word(n / 8) >> (56 - 8 * UInt64(n % 8)))
    }

    private static func word(_ k: Int) -> UInt64 {
        var z = UInt64(truncatingIfNeeded: k &+ 1) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
