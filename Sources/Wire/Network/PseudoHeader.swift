import Memory

extension InternetChecksum {
    /// A sum that covers the pseudo-header of IPv4 (RFC 9293 §3.1) or IPv6 (RFC 8200 §8.1).
    ///
    /// Both addresses are of one family; `source` decides which.
    ///
    /// - Parameter length: Transport header and payload, in bytes.
    @inlinable
    public static func pseudoHeader(
        source: IPAddress, destination: IPAddress, proto: IPProtocol, length: UInt32
    ) -> InternetChecksum {
        var sum = InternetChecksum()
        if source.isIPv4 {
            sum.add(UInt32(truncatingIfNeeded: source.low))
            sum.add(UInt32(truncatingIfNeeded: destination.low))
        } else {
            sum.add(source.high)
            sum.add(source.low)
            sum.add(destination.high)
            sum.add(destination.low)
        }
        sum.add(UInt16(proto.rawValue))
        sum.add(length)
        return sum
    }
}
