import Devices
import Equipment
import Memory
import Stack
import Synchronization
import Wire

/// Looks at a packet that passes a link, possibly a merged one whose checksum is not complete.
public typealias PacketObserver = @Sendable (borrowing Packet) -> Void

/// A device as an interface of a host: packets in and out of it, and the capture of both.
public final class DeviceLink: Sendable {
    /// What the host knows of the link.
    public let configuration: InterfaceConfiguration
    /// Readable when packets wait.
    let descriptor: CInt

    /// Takes packets and gives them at the same time: one thread may do each.
    private let device: Device
    private let observer: PacketObserver?
    private let watcher: (any LinkWatcher)?
    /// Packets on their way between host and device; whoever moves them holds the lock, so that
    /// they keep their order.
    private let incoming: Mutex<LinkDirection>
    private let outgoing: Mutex<LinkDirection>
    /// When packets that are held up come through, in nanoseconds: those to the host, and those
    /// from it.
    private let arrivalTime = Atomic<Int64>(Instant.never.nanoseconds)
    private let departureTime = Atomic<Int64>(Instant.never.nanoseconds)
    private let isImpaired: Bool
    /// What stands between the host and its observer.
    private let firewall: LinkFirewall?
    private let sidings: LinkSidings
    private let networkOffset: Int
    private let time: NetworkTime
    /// Until when the device takes nothing, in nanoseconds; 0 when it takes packets.
    private let blockedUntil = Atomic<Int64>(0)

    /// - Parameters:
    ///   - name: Of the interface, as tools show it.
    ///   - hardwareAddress: On links with frames; those that carry bare IP packets need none.
    ///   - addresses: The host's on this link.
    ///   - mtu: The largest IP packet, 68 to 65,535 bytes; by default, and at most, the device's.
    ///   - impairments: What happens to packets between host and device.
    ///   - firewall: Decides which packets pass between the host and the observer; may be that of the
    ///     host's other links too.
    ///   - time: The host's.
    ///   - settings: Changes what else the host is told of the link.
    ///   - observer: Is shown every packet that passes between the host and what impairs them.
    ///   - watcher: Is shown those and what is dropped.
    public init(
        _ device: consuming Device, name: String, hardwareAddress: MACAddress?,
        addresses: [IPPrefix], mtu: Int? = nil, impairments: LinkImpairments? = nil,
        firewall: LinkFirewall? = nil, time: NetworkTime = .system, observer: PacketObserver? = nil,
        watcher: (any LinkWatcher)? = nil,
        settings: (inout InterfaceConfiguration) -> Void = { _ in }
    ) {
        let capabilities = device.capabilities
        var configuration = InterfaceConfiguration(
            name: name,
            link: capabilities.isEthernet ? hardwareAddress.map { .ethernet($0) } ?? .ip : .ip,
            mtu: min(mtu ?? capabilities.mtu, capabilities.mtu), addresses: addresses,
            offloadsChecksums: capabilities.offloadsChecksums, segments: capabilities.segments)
        settings(&configuration)
        self.configuration = configuration
        descriptor = device.descriptor
        self.device = device
        self.time = time
        self.observer = observer
        self.watcher = watcher
        self.firewall = firewall
        sidings = LinkSidings()
        let offset = capabilities.isEthernet ? EthernetHeader.byteCount : 0
        networkOffset = offset
        isImpaired = impairments?.outgoing != nil || impairments?.incoming != nil
        incoming = Mutex(LinkDirection(impairments?.incomingLink(networkOffset: offset)))
        outgoing = Mutex(LinkDirection(impairments?.outgoingLink(networkOffset: offset)))
    }

    /// How long a device that is full is left alone.
    private static var pause: Interval { .microseconds(200) }

    /// When the device has something to do by itself, or can be tried again.
    var nextDeadline: Instant {
        let blocked = blockedUntil.load(ordering: .relaxed)
        // Answers to what the host sent, or to what it was not given, wait for the next turn.
        if hasAnswers || sidings.hasPackets(.incoming) { return time.now() }
        let own = min(device.nextDeadline, nextPassage)
        return blocked == 0 ? own : min(own, Instant(nanoseconds: blocked))
    }

    /// When a packet that is held up comes through.
    private var nextPassage: Instant {
        guard isImpaired else { return .never }
        let arrival = arrivalTime.load(ordering: .relaxed)
        return Instant(nanoseconds: min(arrival, departureTime.load(ordering: .relaxed)))
    }

    /// Whether packets that were held up are to be written to the device.
    func hasDepartures(before now: Instant) -> Bool {
        isImpaired && departureTime.load(ordering: .relaxed) <= now.nanoseconds
            || hasAnswers
    }

    /// Whether answers of the firewall are to be written to the device.
    private var hasAnswers: Bool { sidings.hasPackets(.outgoing) && !isBlocked }

    /// Whether writing may have set a time at which there is more to write, or to read.
    var delaysOutput: Bool {
        sidings.hasPackets(.incoming)
            || isImpaired && departureTime.load(ordering: .relaxed) != Instant.never.nanoseconds
    }

    /// Whether the device was full when it was tried last.
    var isBlocked: Bool { blockedUntil.load(ordering: .relaxed) != 0 }

    /// Whether the device was full and may be tried again.
    func isBlocked(before now: Instant) -> Bool {
        isBlocked && blockedUntil.load(ordering: .relaxed) <= now.nanoseconds
    }

    /// Takes up to `limit` packets from the device and hands them to `take`, in batches; how many.
    ///
    /// A device that fails (a TAP whose interface went down) has nothing.
    func read(atMost limit: Int, _ take: (inout Ring<Packet>) -> Void) -> Int {
        incoming.withLock { direction in
            let now = isTimed ? time.now() : .zero
            var count = 0
            while count < limit, let packet = sidings.next(.incoming) {
                show(arriving: packet)
                direction.batch.append(packet)
                count += 1
            }
            while count < limit, let packet = readOne() {
                count += 1
                let passed = direction.submit(packet, at: now) { packet, fate in
                    // What is carried is seen when it has arrived.
                    if fate != .carried { watcher?.packetArrives(packet, fate) }
                }
                guard let packet = passed else { continue }
                admit(packet, to: &direction.batch, now)
            }
            while direction.batch.count < limit, let packet = direction.arrived(at: now) {
                count += 1
                admit(packet, to: &direction.batch, now)
            }
            arrivalTime.store(direction.nextDeadline.nanoseconds, ordering: .relaxed)
            if direction.batch.count > 0 { take(&direction.batch) }
            return count
        }
    }

    private func show(arriving packet: borrowing Packet) {
        observer?(packet)
        watcher?.packetArrives(packet, .carried)
    }

    /// Whether somebody wants to know what the host makes of packets.
    var isWatched: Bool { watcher != nil }

    /// Tells what the host made of the packets that arrived, in their order.
    func tellWhatHostTook(_ reasons: [DropReason?]) {
        for reason in reasons { watcher?.hostTook(reason) }
    }

    /// Whether what happens to packets depends on the time.
    private var isTimed: Bool { isImpaired || firewall != nil }

    /// Hands a packet from the wire to the host if it may pass.
    private func admit(
        _ packet: consuming Packet, to batch: inout Ring<Packet>, _ now: Instant
    ) {
        guard passes(packet, .incoming, now) else { return }
        show(arriving: packet)
        batch.append(packet)
    }

    /// Whether the firewall lets a packet pass; what its sender is told leaves at the next turn.
    private func passes(
        _ packet: borrowing Packet, _ direction: FlowDirection, _ now: Instant
    ) -> Bool {
        guard let firewall else { return true }
        var answer: Packet?
        let passes = firewall.passes(
            packet, direction, networkOffset: networkOffset, at: now, answer: &answer)
        if let answer = answer.take() {
            sidings.append(answer, direction == .outgoing ? .incoming : .outgoing)
        }
        return passes
    }

    private func readOne() -> Packet? {
        do throws(DeviceError) { return try device.receive() } catch { return nil }
    }

    /// Lets `fill` add packets to those that wait, and writes them all; whether it wrote them.
    func write(_ fill: (inout Ring<Packet>) -> Void) -> Bool {
        outgoing.withLock { direction in
            fill(&direction.batch)
            let now = isTimed ? time.now() : .zero
            defer {
                departureTime.store(direction.nextDeadline.nanoseconds, ordering: .relaxed)
            }
            while let packet = nextToWrite(&direction, now) {
                if let rejected = writeOne(packet) {
                    direction.takeBack(rejected)
                    let retry = time.now() + Self.pause
                    blockedUntil.store(retry.nanoseconds, ordering: .relaxed)
                    return false
                }
            }
            blockedUntil.store(0, ordering: .relaxed)
            return true
        }
    }

    /// The next packet for the device: one that was held up until now, else one of the host's.
    private func nextToWrite(_ direction: inout LinkDirection, _ now: Instant) -> Packet? {
        while true {
            if let packet = direction.arrived(at: now) { return packet }
            let packet: Packet
            if let answer = sidings.next(.outgoing) {
                packet = answer
            } else {
                guard let next = direction.batch.popFirst() else { return nil }
                guard passes(next, .outgoing, now) else { continue }
                packet = next
            }
            observer?(packet)
            let passed = direction.submit(packet, at: now) { packet, fate in
                watcher?.packetLeaves(packet, fate)
            }
            if let packet = passed { return packet }
        }
    }

    /// Writes one packet; it comes back when the device is full.
    private func writeOne(_ packet: consuming Packet) -> Packet? {
        do throws(DeviceError) {
            switch try device.send(packet) {
            case .sent: return nil
            case .full(let packet): return packet
            }
        } catch {
            // A link that is down loses packets, as cables do.
            return nil
        }
    }
}
