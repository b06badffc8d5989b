import Memory
import Wire

/// Identifications of packets, which an outsider cannot foretell: whoever could might slip
/// fragments of his own into a datagram, or count what a host sends to others (RFC 7739 §2).
///
/// Each pair of addresses and protocol starts somewhere else and counts on from there, on one of
/// 1,024 counters that few others share (RFC 7739 §5.3): identifications repeat as late as can be.
struct IdentificationSource: Sendable {
    private var counters = [UInt32](repeating: 0, count: 1024)
    private let hash: KeyedHash

    init(_ random: inout RandomSource) {
        hash = KeyedHash(key: random.next(), random.next())
    }

    /// The first of `count` identifications in a row; IPv4 takes the low half.
    mutating func next(
        from source: IPAddress, to destination: IPAddress, _ proto: IPProtocol, count: Int = 1
    ) -> UInt32 {
        let place = hash.place(
            source.high, source.low, destination.high, destination.low, UInt64(proto.rawValue))
        let counter = Int(truncatingIfNeeded: place >> 32) & 1023
        let first = counters[counter] &+ UInt32(truncatingIfNeeded: place)
        counters[counter] &+= UInt32(truncatingIfNeeded: count)
        return first
    }
}
