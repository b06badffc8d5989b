import Memory
import Stack
import Synchronization

/// Which packets a simulation carried so far: equal for two runs that were byte for byte the same.
public struct SimulationTrace: Hashable, Sendable, CustomStringConvertible {
    /// How many packets hosts sent and received, merged ones counted once.
    public private(set) var packets: UInt64 = 0
    /// How many bytes those had.
    public private(set) var bytes: UInt64 = 0
    /// A hash of all their bytes, the moments and the hosts; nothing that withstands an adversary.
    public private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325

    /// That of a simulation in which nothing happened yet.
    public init() {}

    public var description: String { "\(packets) packets, \(bytes) bytes, \(digest)" }

    /// Notes a packet at a place on its way.
    mutating func note(_ packet: borrowing Packet, place: Int, at now: Instant) {
        packets &+= 1
        bytes &+= UInt64(packet.count)
        absorb(UInt64(truncatingIfNeeded: place))
        absorb(UInt64(bitPattern: now.nanoseconds))
        absorb(packet.head)
        for index in 0..<packet.sliceCount { absorb(packet.slice(index)) }
    }

    private mutating func absorb(_ bytes: borrowing Span<UInt8>) {
        var offset = 0
        while offset &+ 8 <= bytes.count {
            absorb(bytes.uint64(at: offset))
            offset &+= 8
        }
        var rest = UInt64(bytes.count)
        while offset < bytes.count {
            rest = rest << 8 | UInt64(bytes[offset])
            offset &+= 1
        }
        absorb(rest)
    }

    private mutating func absorb(_ word: UInt64) {
        let product = (digest ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        digest = product.high ^ product.low &+ 0x2545_F491_4F6C_DD1D
    }
}
