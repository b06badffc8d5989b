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
        let head = range.lowerBound + min((8 - offset % 8) % 8, range.count)
        let wordCount = (range.upperBound - head) / 8
        let tail = head + 8 * wordCount
        let firstWord = (offset + head - range.lowerBound) / 8
        fillBytes(&bytes, range.lowerBound..<head, from: offset)
        for k in 0..<wordCount { bytes.write(word(firstWord &+ k), at: head &+ 8 &* k) }
        fillBytes(&bytes, tail..<range.upperBound, from: offset + tail - range.lowerBound)
    }

    private static func fillBytes(
        _ bytes: inout MutableSpan<UInt8>, _ range: Range<Int>, from offset: Int
    ) {
        for place in range { bytes[place] = byte(offset + place - range.lowerBound) }
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
