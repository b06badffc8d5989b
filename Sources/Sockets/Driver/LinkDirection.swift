import Equipment
import Memory
import Stack

/// One direction of a link: packets in their order, through what impairs them if anything does.
struct LinkDirection: ~Copyable {
    /// What waits for the other side: packets before they are looked at and impaired, or a batch on
    /// its way to the host.
    var batch = Ring<Packet>()
    private var link: ImpairedLink?
    /// A packet that has passed, and that the device had no room for.
    private var rejected: Packet?

    /// How many packets are under way at most; what comes beyond is lost.
    private static var limit: Int { 16384 }

    private let isImpaired: Bool

    init(_ link: consuming ImpairedLink?) {
        isImpaired = link != nil
        self.link = link
    }

    /// When a packet that is under way arrives; never where none is.
    var nextDeadline: Instant {
        mutating get { link?.nextDeadline ?? .never }
    }

    /// Takes in a packet; it comes back where nothing impairs it.
    ///
    /// - Parameter report: Is shown it, or what it is cut into, with what becomes of it.
    mutating func submit(
        _ packet: consuming Packet, at now: Instant,
        report: (borrowing Packet, PacketFate) -> Void
    ) -> Packet? {
        guard isImpaired else {
            report(packet, .carried)
            return packet
        }
        if (link?.count ?? 0) < Self.limit {
            link?.submit(packet, at: now, report: report)
        } else {
            report(packet, .queueFull)
        }
        return nil
    }

    /// The next packet that has come through, nil when none has at `now`.
    mutating func arrived(at now: Instant) -> Packet? {
        if let packet = rejected.take() { return packet }
        return link?.next(at: now)
    }

    /// Takes back a packet that has come through and could not be passed on: it is the next again.
    mutating func takeBack(_ packet: consuming Packet) {
        rejected = consume packet
    }
}
