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

        public init() {}
    }

    /// The kinds of decision, each with random numbers of its own.
    private enum Decision: UInt64 {
        case loss, corruption, corruptedBit, reordering, jitter, duplication, duplicateJitter
        // From here on the numbers are of another kind: see `draw`.
        case burstStep = 8
        case burstLoss, bitErrors, jitterMemory
    }

    /// What is to happen to a packet, decided before anything else is known of it.
    private struct Fate {
        var isLost = false
        var isCorrupted = false
        var isDuplicated = false
        var isReordered = false
        var delay = Interval.zero
    }

    /// What the decisions on later packets know of the earlier ones.
    private struct Memory {
        var loss = ChanceMemory()
        var burst = BurstLossState()
        var corruption = ChanceMemory()
        var duplication = ChanceMemory()
        var reordering = ChanceMemory()
        /// The random number behind the last delay.
        var jitter: UInt64 = 0
        /// How many packets went since one overtook others.
        var sinceReordering = 0
    }

    public let impairments: Impairments
    public private(set) var counters = Counters()
    private let pools: BufferPools
    private let networkOffset: Int
    private let random: KeyedHash
    private var line: Line?
    private var memory = Memory()
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
            line = Line(
                rate, queueLimit: impairments.queueLimit,
                packetLimit: impairments.queuePackets, overhead: impairments.overhead)
        }
    }

    /// When the next packet comes out; never when none is under way.
    public var nextDeadline: Instant { queue.nextTime }

    /// How many packets are under way.
    public var count: Int { queue.count }

    /// Takes in a packet.
    ///
    /// - Parameters:
    ///   - now: Not before the moment of the packet before.
    ///   - report: Is shown each packet as it came, after segmentation, with what becomes of it.
    public mutating func submit(
        _ packet: consuming Packet, at now: Instant,
        report: (borrowing Packet, PacketFate) -> Void = { _, _ in }
    ) {
        if packet.metadata.segmentSize == 0 || impairments.keepsMergedPackets {
            carry(packet, at: now, report)
            return
        }
        var segmenter = Segmenter(packet, networkOffset: networkOffset)
        while !segmenter.isDone {
            guard let segment = segmenter.next(from: pools) else {
                counters.submitted &+= UInt64(segmenter.remaining)
                counters.memoryDrops &+= UInt64(segmenter.remaining)
                return
            }
            carry(segment, at: now, report)
        }
    }

    /// The packet that has arrived first of those not taken out yet, nil when none has at `now`.
    public mutating func next(at now: Instant) -> Packet? {
        guard let packet = queue.popFirst(at: now) else { return nil }
        counters.delivered &+= 1
        return packet
    }

    private mutating func carry(
        _ packet: consuming Packet, at now: Instant,
        _ report: (borrowing Packet, PacketFate) -> Void
    ) {
        let number = counters.submitted
        counters.submitted &+= 1
        let fate = decide(number)
        guard let departure = depart(packet.count, at: now) else {
            counters.queueDrops &+= 1
            report(packet, .queueFull)
            return
        }
        if fate.isLost {
            counters.lost &+= 1
            report(packet, .lost)
            return
        }
        report(packet, .carried)
        damage(&packet, number, flipsOne: fate.isCorrupted)
        let copy = fate.isDuplicated ? duplicate(packet) : nil
        var arrival = departure + fate.delay
        if fate.isReordered {
            counters.reordered &+= 1
            arrival =
                impairments.reorderingGap > 0 ? departure : arrival + impairments.reorderingHold
        }
        queue.insert(packet, at: arrival)
        if let copy {
            queue.insert(copy, at: departure + delay(draw(.duplicateJitter, number)))
        }
    }

    /// When a packet has left the line; nil when the queue before it is full.
    private mutating func depart(_ byteCount: Int, at now: Instant) -> Instant? {
        impairments.rate == nil ? now : line?.admit(byteCount, at: now)
    }

    // MARK: - Decisions

    private mutating func decide(_ number: UInt64) -> Fate {
        var fate = Fate()
        let asked = impairments
        fate.isLost = memory.loss.happens(
            asked.loss, correlation: asked.lossCorrelation, draw(.loss, number))
        if let model = asked.burstLoss {
            let isLost = memory.burst.isLost(
                model, step: draw(.burstStep, number), loss: draw(.burstLoss, number))
            fate.isLost = fate.isLost || isLost
        }
        fate.isCorrupted = memory.corruption.happens(
            asked.corruption, correlation: asked.corruptionCorrelation, draw(.corruption, number))
        fate.isDuplicated = memory.duplication.happens(
            asked.duplication, correlation: asked.duplicationCorrelation,
            draw(.duplication, number))
        fate.isReordered = reorders(number)
        fate.delay = delay(jitter(number))
        return fate
    }

    /// Whether a packet changes its place.
    private mutating func reorders(_ number: UInt64) -> Bool {
        let isChosen = memory.reordering.happens(
            impairments.reordering, correlation: impairments.reorderingCorrelation,
            draw(.reordering, number))
        guard impairments.reorderingGap > 0 else { return isChosen }
        guard isChosen, memory.sinceReordering >= impairments.reorderingGap &- 1 else {
            memory.sinceReordering &+= 1
            return false
        }
        memory.sinceReordering = 0
        return true
    }

    /// The 64 random bits that belong to a decision about the packet with this number.
    private func draw(_ decision: Decision, _ number: UInt64) -> UInt64 {
        let name = number << 3 | decision.rawValue & 7
        return random.secret(decision.rawValue < 8 ? name : ~name)
    }

    /// The random bits behind a packet's delay: with a correlation those of the packet before it,
    /// now and then.
    private mutating func jitter(_ number: UInt64) -> UInt64 {
        guard impairments.jitter > .zero else { return 0 }
        let repeats =
            number > 0 && impairments.jitterCorrelation > .never
            && impairments.jitterCorrelation.happens(draw(.jitterMemory, number))
        if !repeats { memory.jitter = draw(.jitter, number) }
        return memory.jitter
    }

    /// How long a packet travels.
    private func delay(_ random: UInt64) -> Interval {
        guard impairments.jitter > .zero else { return impairments.delay }
        let offset = impairments.jitterDistribution.offset(jitter: impairments.jitter, random)
        return max(.zero, impairments.delay + offset)
    }

    // MARK: - Deeds

    /// Turns bits over as asked. The checksum is completed before, or it would cover the damage.
    private mutating func damage(_ packet: inout Packet, _ number: UInt64, flipsOne: Bool) {
        guard flipsOne || impairments.bitErrors > .never, packet.count > 0 else { return }
        completeChecksum(of: &packet)
        packet.metadata.checksum = .unknown
        var isDamaged = false
        if flipsOne {
            let random = draw(.corruptedBit, number)
            let bit = Int(random.multipliedFullWidth(by: UInt64(packet.count &* 8)).high)
            isDamaged = flip(bit, of: &packet)
        }
        if impairments.bitErrors > .never {
            let threshold = impairments.bitErrors.threshold
            var random = QuickRandom(seed: draw(.bitErrors, number))
            for bit in 0..<packet.count &* 8 where random.next() < threshold {
                if flip(bit, of: &packet) { isDamaged = true }
            }
        }
        if isDamaged { counters.corrupted &+= 1 }
    }

    private mutating func flip(_ bit: Int, of packet: inout Packet) -> Bool {
        guard Corruption.flip(bit, of: &packet, from: pools) else {
            counters.memoryDrops &+= 1
            return false
        }
        return true
    }

    /// A second copy of `packet`, where memory is there.
    private mutating func duplicate(_ packet: borrowing Packet) -> Packet? {
        guard let copy = pools.copy(packet) else {
            counters.memoryDrops &+= 1
            return nil
        }
        counters.duplicated &+= 1
        return copy
    }
}
