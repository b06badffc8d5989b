import Equipment
import Memory
import Sockets
import Stack
import Synchronization
import Wire

/// Counts what passes the link of a program's host, by protocol and ends, and what is dropped there.
///
/// It also keeps the program's name that was known when the first packet passed, since a program may
/// be gone when it is asked for.
final class LinkTally: LinkWatcher {
    /// What passed between a local and a remote end.
    struct Flow {
        var program: String?
        let first: Instant
        var last: Instant
        var sent = Amount()
        var received = Amount()
    }

    /// Packets as a wire carries them, and bytes of their payload.
    struct Amount: Equatable {
        var packets: UInt64 = 0
        var bytes: UInt64 = 0
    }

    struct Key: Hashable {
        let proto: IPProtocol
        let local: SocketAddress
        let remote: SocketAddress
    }

    struct State {
        var flows: [Key: Flow] = [:]
        /// Flows that are not kept, since there are too many.
        var missed: UInt64 = 0
        /// How many packets were dropped on the link, by the reason in words.
        var drops: [String: UInt64] = [:]
        var sent = Amount()
        var received = Amount()
    }

    private let state = Mutex(State())
    private let program: ProgramLookUp
    private let time: NetworkTime

    /// How many flows are kept.
    private static let limit = 65_536

    init(time: NetworkTime = .system, program: @escaping ProgramLookUp) {
        self.program = program
        self.time = time
    }

    /// What was counted so far.
    var snapshot: State { state.withLock { $0 } }

    /// Whose connection it is or was.
    func program(of key: Key) -> String? { state.withLock { $0.flows[key]?.program } }

    func packetLeaves(_ packet: borrowing Packet, _ fate: PacketFate) {
        note(packet, isOutgoing: true, fate)
    }

    func packetArrives(_ packet: borrowing Packet, _ fate: PacketFate) {
        note(packet, isOutgoing: false, fate)
    }

    /// A packet that the firewall does not let pass, and why.
    func packetDenied(_ packet: borrowing Packet, _ reason: String) {
        let count = Self.amount(of: packet).packets
        state.withLock { $0.drops[reason, default: 0] += count }
    }

    func hostTook(_ reason: DropReason?) {}

    private func note(_ packet: borrowing Packet, isOutgoing: Bool, _ fate: PacketFate) {
        let amount = Self.amount(of: packet)
        let ends = PacketEnds(packet.head, beyond: packet.countBehindHead)
        let now = time.now()
        state.withLock { state in
            if let reason = fate.words { state.drops[reason, default: 0] += amount.packets }
            // What is lost on its way in never came, what is lost on its way out was sent.
            guard isOutgoing || fate == .carried else { return }
            if isOutgoing { state.sent.add(amount) } else { state.received.add(amount) }
            guard let ends else { return }
            let key =
                isOutgoing
                ? Key(proto: ends.proto, local: ends.source, remote: ends.destination)
                : Key(proto: ends.proto, local: ends.destination, remote: ends.source)
            state.note(key, amount, isOutgoing: isOutgoing, now, program, Self.limit)
        }
    }

    /// The packets that a merged one stands for, and their IP bytes.
    private static func amount(of packet: borrowing Packet) -> Amount {
        let size = Int(packet.metadata.segmentSize)
        let bytes = UInt64(max(0, packet.count - EthernetHeader.byteCount))
        guard size > 0 else { return Amount(packets: 1, bytes: bytes) }
        // All but the first repeat the headers: some 52 bytes, of which 54 with Ethernet's are in
        // every packet's count.
        let payload = max(1, packet.count - 54)
        return Amount(packets: UInt64((payload + size - 1) / size), bytes: bytes)
    }
}

extension LinkTally.Amount {
    mutating func add(_ other: Self) {
        packets &+= other.packets
        bytes &+= other.bytes
    }
}

extension LinkTally.State {
    fileprivate mutating func note(
        _ key: LinkTally.Key, _ amount: LinkTally.Amount, isOutgoing: Bool, _ now: Instant,
        _ program: ProgramLookUp, _ limit: Int
    ) {
        guard flows[key] != nil || flows.count < limit else {
            missed &+= amount.packets
            return
        }
        var flow = flows[key] ?? LinkTally.Flow(first: now, last: now)
        if flow.program == nil { flow.program = program(key.proto, key.local.port) }
        flow.last = now
        if isOutgoing { flow.sent.add(amount) } else { flow.received.add(amount) }
        flows[key] = flow
    }
}
