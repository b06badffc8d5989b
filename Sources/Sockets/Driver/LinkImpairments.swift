import Devices
import Equipment
import Memory

/// What a link does to packets on their way, each direction by itself.
public struct LinkImpairments: Sendable {
    /// To what the host sends; nil for nothing.
    public var outgoing: Impairments?
    /// To what the host receives; nil for nothing.
    public var incoming: Impairments?
    /// Decides which packets it happens to.
    public var seed: (UInt64, UInt64)
    /// Where segments and copies take their memory.
    public var pools: BufferPools

    public init(
        outgoing: Impairments?, incoming: Impairments?,
        seed: (UInt64, UInt64) = SystemRandom.seed(), pools: BufferPools
    ) {
        self.outgoing = outgoing
        self.incoming = incoming
        self.seed = seed
        self.pools = pools
    }

    func outgoingLink(networkOffset: Int) -> ImpairedLink? {
        outgoing.map {
            ImpairedLink(
                $0, networkOffset: networkOffset, seed: seed.0, seed.1, pools: pools)
        }
    }

    /// Other numbers than those of the other direction: its losses are not the echo of them.
    func incomingLink(networkOffset: Int) -> ImpairedLink? {
        incoming.map {
            ImpairedLink(
                $0, networkOffset: networkOffset, seed: seed.0, ~seed.1, pools: pools)
        }
    }
}
