import Memory
import Stack
import Wire

/// Which flows pass: what a firewall and an address translator remember of them.
///
/// A bounded table, found by the names of both directions. Flows of one phase stand in a list in the
/// order in which they will be forgotten, since all of them have the same time. Nothing is allocated
/// once the table has grown to the number of flows that live together.
public struct TrackingTable: ~Copyable, Sendable {
    /// What became of flows.
    public struct Counters: Hashable, Sendable {
        public var opened: UInt64 = 0
        /// Forgotten after silence.
        public var expired: UInt64 = 0
        /// Forgotten to make room for others.
        public var evicted: UInt64 = 0
        /// Not taken in: the table was full of flows that make no room.
        public var refused: UInt64 = 0

        public init() {}
    }

    /// A flow that was found, and which way the packet goes.
    public struct Match: Sendable {
        public let index: SlabIndex
        /// Whether the packet goes to whoever began.
        public let isReply: Bool
    }

    public let limit: Int
    public let times: TrackingTimes
    public private(set) var counters = Counters()
    private var flows = Slab<TrackedFlow>()
    /// Twice the place of a flow, and 1 more for the name of its answers.
    private var names = HashIndex()
    private let hash: KeyedHash
    private var lists: [FlowList]
    /// No flow is to be forgotten before this.
    private var nextCheck = Instant.never

    /// The first and the last flow of a phase, by place.
    struct FlowList: Sendable {
        var first = UInt32.max
        var last = UInt32.max
    }

    /// - Parameters:
    ///   - limit: How many flows it holds at most, 1 to 16,777,216.
    ///   - seed: Secret, so that nobody outside can make flows collide.
    public init(
        limit: Int = 65_536, times: TrackingTimes = .linux, seed first: UInt64, _ second: UInt64
    ) {
        self.limit = max(1, min(limit, 1 << 24))
        self.times = times
        hash = KeyedHash(key: first, second)
        lists = Array(repeating: FlowList(), count: FlowPhase.allCases.count)
    }

    /// How many flows are remembered.
    public var count: Int { flows.count }

    /// When `advance` should be called next, so that what is over is forgotten; never for an empty
    /// table. A table that is only asked in passing needs no timer: `advance` comes before `find`.
    public var nextDeadline: Instant {
        var deadline = Instant.never
        for list in lists {
            guard let first = flows.index(at: Int(list.first)) else { continue }
            deadline = min(deadline, flows[first].deadline)
        }
        return deadline
    }

    /// Forgets the flows whose time is over.
    public mutating func advance(to now: Instant) {
        guard now >= nextCheck else { return }
        for list in lists.indices {
            while let first = flows.index(at: Int(lists[list].first)), flows[first].deadline <= now
            {
                counters.expired &+= 1
                remove(first)
            }
        }
        nextCheck = nextDeadline
    }

    /// The flow that packets with this name belong to.
    public func find(_ tuple: FlowTuple) -> Match? {
        var probe = names.probe(tuple.place(hash))
        while let value = names.next(&probe) {
            guard let index = flows.index(at: Int(value >> 1)) else { continue }
            let isReply = value & 1 == 1
            if isReply ? flows[index].reply == tuple : flows[index].original == tuple {
                return Match(index: index, isReply: isReply)
            }
        }
        return nil
    }

    /// The flow that `index` names.
    ///
    /// - Precondition: It has not been forgotten.
    public subscript(index: SlabIndex) -> TrackedFlow { flows[index] }

    /// Gives a flow its owner's mark.
    public mutating func mark(_ index: SlabIndex, as mark: UInt32) {
        guard flows.contains(index) else { return }
        flows[index].mark = mark
    }

    // MARK: - Flows come and go

    /// Takes in the flow that begins with `packet`; nil where there is no room.
    ///
    /// - Parameters:
    ///   - reply: The name of its answers, if it is not the packet's reversed.
    ///   - isRefused: Whether it is remembered only as one that may not pass.
    public mutating func open(
        _ packet: TrackedPacket, reply: FlowTuple? = nil, isRefused: Bool = false, at now: Instant
    ) -> SlabIndex? {
        guard makeRoom() else {
            counters.refused &+= 1
            return nil
        }
        let tcp = packet.segment.map { TCPTracking($0) }
        let phase = isRefused ? .refused : tcp?.phase ?? Self.firstPhase(of: packet.tuple)
        var flow = TrackedFlow(
            packet.tuple, reply ?? packet.tuple.reversed, phase, until: now + times[phase])
        flow.tcp = isRefused ? nil : tcp
        flow.sent.packets = 1
        flow.sent.bytes = UInt64(packet.byteCount)
        let (original, answer) = (flow.original.place(hash), flow.reply.place(hash))
        let index = flows.insert(flow)
        names.insert(index.place &* 2, hash: original)
        names.insert(index.place &* 2 &+ 1, hash: answer)
        append(index)
        counters.opened &+= 1
        return index
    }

    /// Takes note of a further packet of a flow.
    public mutating func note(_ packet: TrackedPacket, of match: Match, at now: Instant) {
        let (index, isReply) = (match.index, match.isReply)
        guard flows.contains(index) else { return }
        if isReply {
            flows[index].answered.packets &+= 1
            flows[index].answered.bytes &+= UInt64(packet.byteCount)
        } else {
            flows[index].sent.packets &+= 1
            flows[index].sent.bytes &+= UInt64(packet.byteCount)
        }
        // A refusal is not prolonged: whoever comes again later is judged again.
        guard flows[index].phase != .refused else { return }
        var phase = flows[index].phase
        if let segment = packet.segment {
            flows[index].tcp?.note(segment, isReply: isReply)
            phase = flows[index].tcp?.phase ?? phase
        } else if phase == .unanswered, isReply {
            phase = .answered
        }
        unlink(index)
        flows[index].phase = phase
        flows[index].deadline = now + times[phase]
        append(index)
    }

    /// Forgets a flow.
    public mutating func remove(_ index: SlabIndex) {
        guard flows.contains(index) else { return }
        unlink(index)
        let (original, reply) = (flows[index].original, flows[index].reply)
        names.remove(index.place &* 2, hash: original.place(hash))
        names.remove(index.place &* 2 &+ 1, hash: reply.place(hash))
        flows.remove(index)
    }

    private static func firstPhase(of tuple: FlowTuple) -> FlowPhase {
        switch tuple.proto {
        case .udp: .unanswered
        case .icmp, .icmpv6: .query
        default: tuple.proto.rawValue == 136 ? .unanswered : .other
        }
    }

    /// Whether there is room for one more; the flow that matters least goes for it.
    private mutating func makeRoom() -> Bool {
        guard flows.count >= limit else { return true }
        for phase in FlowPhase.allCases where phase.makesRoom {
            guard let first = flows.index(at: Int(lists[Int(phase.rawValue)].first)) else {
                continue
            }
            counters.evicted &+= 1
            remove(first)
            return true
        }
        return false
    }

    // MARK: - The lists

    private mutating func append(_ index: SlabIndex) {
        let list = Int(flows[index].phase.rawValue)
        nextCheck = min(nextCheck, flows[index].deadline)
        flows[index].previous = lists[list].last
        flows[index].next = .max
        if let last = flows.index(at: Int(lists[list].last)) {
            flows[last].next = index.place
        } else {
            lists[list].first = index.place
        }
        lists[list].last = index.place
    }

    private mutating func unlink(_ index: SlabIndex) {
        let list = Int(flows[index].phase.rawValue)
        let (next, previous) = (flows[index].next, flows[index].previous)
        if let before = flows.index(at: Int(previous)) {
            flows[before].next = next
        } else {
            lists[list].first = next
        }
        if let after = flows.index(at: Int(next)) {
            flows[after].previous = previous
        } else {
            lists[list].last = previous
        }
    }
}
