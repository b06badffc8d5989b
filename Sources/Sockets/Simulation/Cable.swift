import Devices
import Equipment
import Memory
import Stack
import Synchronization

/// One direction of a simulated link: from a host to a switch, or back.
final class Cable: Sendable {
    /// Where it leads.
    enum End: Sendable {
        /// To a host, which has a number on the agenda.
        case host(PacketInbox, Int)
        case switching(SimulatedSwitch, port: Int)
    }

    private let end: End
    private let agenda: Agenda
    private let trace: SharedTrace
    private let isImpaired: Bool
    private let link: Mutex<ImpairedLink?>
    /// The cable's own number on the agenda.
    let number: Int

    init(
        _ impairments: Impairments?, to end: End, seed: (UInt64, UInt64), pools: BufferPools,
        agenda: Agenda, trace: SharedTrace
    ) {
        self.end = end
        self.agenda = agenda
        self.trace = trace
        isImpaired = impairments != nil
        var link: ImpairedLink?
        if let impairments {
            link = ImpairedLink(
                impairments, networkOffset: 0, seed: seed.0, seed.1, pools: pools)
        }
        self.link = Mutex(link)
        number = agenda.addMember()
    }

    /// Takes in a packet.
    func carry(_ packet: consuming Packet) {
        if case .switching(_, let port) = end { trace.note(packet, place: port, agenda.time.now) }
        guard isImpaired else { return arrive(packet) }
        var offered: Packet? = packet
        let deadline = link.withLock { link in
            if let packet = offered.take() { link?.submit(packet, at: agenda.time.now) }
            return link?.nextDeadline ?? .never
        }
        if deadline != .never { agenda.schedule(number, at: deadline) }
    }

    /// Lets out what has come through by now.
    func turn() {
        let now = agenda.time.now
        while let packet = link.withLock({ $0?.next(at: now) }) { arrive(packet) }
        let deadline = link.withLock { $0?.nextDeadline ?? .never }
        if deadline != .never { agenda.schedule(number, at: deadline) }
    }

    private func arrive(_ packet: consuming Packet) {
        switch end {
        case .host(let inbox, let host):
            trace.note(packet, place: ~host, agenda.time.now)
            inbox.append(packet)
            agenda.schedule(host, at: agenda.time.now)
        case .switching(let exchange, let port):
            exchange.forward(packet, from: port)
        }
    }
}

/// The trace of a simulation, which all its cables add to.
final class SharedTrace: Sendable {
    private let trace = Mutex(SimulationTrace())

    var value: SimulationTrace { trace.withLock { $0 } }

    func note(_ packet: borrowing Packet, place: Int, _ now: Instant) {
        trace.withLock { $0.note(packet, place: place, at: now) }
    }
}
