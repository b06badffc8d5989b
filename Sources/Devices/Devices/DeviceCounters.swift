/// Packets that a device dropped, by reason.
public struct DeviceCounters: Equatable, Sendable {
    /// What stood before the packet made no sense, or asked for what we did not offer.
    public var badHeaders: UInt64 = 0
    /// There was no memory for the packet, or not for all of it.
    public var memoryDrops: UInt64 = 0
    /// Longer than what any packet of the link has room for: cut off, hence dropped.
    public var oversized: UInt64 = 0
    /// The system dropped it before it was read, since too many waited.
    public var overruns: UInt64 = 0
    /// Sent while nobody was at the other end, or refused by the system.
    public var undelivered: UInt64 = 0

    public init() {}

    static func + (left: DeviceCounters, right: DeviceCounters) -> DeviceCounters {
        var sum = left
        sum.badHeaders &+= right.badHeaders
        sum.memoryDrops &+= right.memoryDrops
        sum.oversized &+= right.oversized
        sum.overruns &+= right.overruns
        sum.undelivered &+= right.undelivered
        return sum
    }
}
