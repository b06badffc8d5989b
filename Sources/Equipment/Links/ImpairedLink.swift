import Memory
import Stack

/// One direction of a link that loses, delays, doubles, reorders, corrupts and paces packets.
///
///     submit -> queue -> line at its rate -> loss, corruption -> delay, duplication -> next
///
/// What happens to the n-th packet depends on the seed and on n alone: a test that raises the loss
/// loses the same packets as before and more. A merged packet counts as the plain ones it stands
/// for and is cut into them first, unless the link does no more than delay.
public struct ImpairedLink: ~Copyable {
    /// How many packets met which fate.
    public struct Counters: Hashable, Sendable {
        /// Packets submitted, after segmentation.
        public var submitted: UInt64 = 0
        /// Packets that came out, copies included.
        public var delivered: UInt64 = 0
        public var lost: UInt64 = 0
        public var duplicated: UInt64 = 0
        public var reordered: UInt64 = 0
        public var corrupted: UInt64 = 0
        /// Dropped because the queue before the line was full.
        public var queueDrops: UInt64 = 0
        /// Segments or copies for which the pools had no memory.
        public var memoryDrops: UInt64 = 0
    }

    /// The kinds of decision, each with random numbers of its own.
    private enum Decision: UInt64 {
        case loss, corruption, corruptedBit, reordering, jitter, duplication, duplicateJitter
    }

    public let impairments: Impairments
    public private(set) var counters = Counters()
    private let pools: BufferPools
    private let networkOffset: Int
    private let random: KeyedHash
    private var line: Line?
    private var queue = DeliveryQueue()

    /// - Parameters:
    ///   - networkOffset: Where the IP header begins in each packet: 14 behind an Ethernet
    ///     header, 0 without one.
    ///   - pools: Where segments and copies take their memory.
    public init(
        _ impairments: Impairments, networkOffset: Int, seed first: UInt64, _ second: UInt64,
        pools: BufferPools
    ) {
        self.impairments = impairments
        self.networkOffset = networkOffset
        self.pools = pools
        random = KeyedHash(key: first, second)
        if let rate = impairments.rate {
            line = Line(rate, queueLimit: impairments.queueLimit)
        }
    }

    /// When the next packet comes out; never when none is under way.
    public var nextDeadline: Instant { queue.nextTime }

    /// How many packets are under way.
    public var count: Int { queue.count }

    /// Takes in a packet.
    ///
    /// - Parameter now: Not before the moment of the packet before.
    public mutating func submit(_ packet: consuming Packet, at now: Instant) {
        if packet.metadata.segmentSize == 0 || impairments.keepsMergedPackets {
            carry(packet, at: now)
            return
        }
        var segmenter = Segmenter(packet, networkOffset: networkOffset)
        while !segmenter.isDone {
            guard let segment = segmenter.next(from: pools) else {
                counters.submitted &+= UInt64(segmenter.remaining)
                counters.memoryDrops &+= UInt64(segmenter.remaining)
                return
            }
            carry(segment, at: now)
        }
    }

    /// The packet that has arrived first of those not taken out yet, nil when none has at `now`.
    public mutating func next(at now: Instant) -> Packet? {
        guard let packet = queue.popFirst(at: now) else { return nil }
        counters.delivered &+= 1
        return packet
    }

    private mutating func carry(_ packet: consuming Packet, at now: Instant) {
        let number = counters.submitted
        counters.submitted &+= 1
        guard let departure = line?.admit(packet.count, at: now) ?? (line == nil ? now : nil)
        else {
            counters.queueDrops &+= 1
            return
        }
        if happens(impairments.loss, .loss, number) {
            counters.lost &+= 1
            return
        }
        if happens(impairments.corruption, .corruption, number) {
            corrupt(&packet, draw(.corruptedBit, number))
        }
        let copy = duplicate(packet, number)
        var arrival = departure + delay(.jitter, number)
        if happens(impairments.reordering, .reordering, number) {
            counters.reordered &+= 1
            arrival = arrival + impairments.reorderingHold
        }
        queue.insert(packet, at: arrival)
        if let copy {
            queue.insert(copy, at: departure + delay(.duplicateJitter, number))
        }
    }

    /// The 64 random bits that belong to a decision about the packet with this number.
    private func draw(_ decision: Decision, _ number: UInt64) -> UInt64 {
        random.secret(number << 3 | decision.rawValue)
    }

    private func happens(
        _ probability: Probability, _ decision: Decision, _ number: UInt64
    ) -> Bool {
        probability > .never && probability.happens(draw(decision, number))
    }

    /// How long a packet travels: the delay, more or less by up to the jitter.
    private func delay(_ decision: Decision, _ number: UInt64) -> Interval {
        guard impairments.jitter > .zero else { return impairments.delay }
        let random = draw(decision, number)
        let width = UInt64(impairments.jitter.nanoseconds) &* 2 &+ 1
        let offset = Int64(truncatingIfNeeded: random.multipliedFullWidth(by: width).high)
        let delay = impairments.delay - impairments.jitter + Interval(nanoseconds: offset)
        return max(.zero, delay)
    }

    /// Turns one bit of the head over. The checksum is completed before, or it would cover the
    /// damage.
    private mutating func corrupt(_ packet: inout Packet, _ random: UInt64) {
        completeChecksum(of: &packet)
        packet.metadata.checksum = .unknown
        let bits = packet.head.count &* 8
        guard bits > 0 else { return }
        let bit = Int(random.multipliedFullWidth(by: UInt64(bits)).high)
        let flipped = packet.head[bit / 8] ^ 1 << UInt8(bit & 7)
        var head = packet.mutableHead
        head.write(flipped, at: bit / 8)
        counters.corrupted &+= 1
    }

    /// A second copy of `packet`, where chance asks for one and memory is there.
    private mutating func duplicate(_ packet: borrowing Packet, _ number: UInt64) -> Packet? {
        guard happens(impairments.duplication, .duplication, number) else { return nil }
        guard let copy = pools.copy(packet) else {
            counters.memoryDrops &+= 1
            return nil
        }
        counters.duplicated &+= 1
        return copy
    }
}
