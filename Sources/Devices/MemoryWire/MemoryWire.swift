import Equipment
import Memory

/// A wire between two hosts of one process.
///
/// Packets pass from hand to hand without being copied, merged ones and partial checksums too
/// where the capabilities say so. Each direction may be an impaired link of its own.
public enum MemoryWire {
    /// The two ends of a new wire.
    ///
    /// - Parameters:
    ///   - limit: How many packets one direction holds before it is full, those under way on an
    ///     impaired link included: at least the product of bandwidth and delay, if it is not to
    ///     slow the sender down.
    ///   - forth: What happens to packets from the first end to the second.
    ///   - back: What happens to packets from the second end to the first.
    ///   - seed: Decides the fate of the packets on impaired links.
    ///   - pools: Where impaired links take the memory for segments and copies.
    /// - Throws: `EMFILE` or `ENFILE` when no descriptor can be had.
    public static func pair(
        capabilities: DeviceCapabilities, limit: Int = 4096, forth: Impairments? = nil,
        back: Impairments? = nil, seed: (UInt64, UInt64) = (0, 0), pools: BufferPools
    ) throws(DeviceError) -> (WireEnd, WireEnd) {
        let forth = try WireDirection(
            forth, limit: limit, networkOffset: capabilities.networkOffset, seed: seed,
            pools: pools)
        // Other numbers for the other direction: its losses are not the echo of the first's.
        let back = try WireDirection(
            back, limit: limit, networkOffset: capabilities.networkOffset,
            seed: (seed.0, ~seed.1), pools: pools)
        return (
            WireEnd(capabilities, incoming: back, outgoing: forth),
            WireEnd(capabilities, incoming: forth, outgoing: back)
        )
    }
}
