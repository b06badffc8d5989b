import Devices
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
    /// Packets on their way between host and device; whoever moves them holds the lock, so that
    /// they keep their order.
    private let incoming = Mutex(Ring<Packet>())
    private let outgoing = Mutex(Ring<Packet>())
    /// Until when the device takes nothing, in nanoseconds; 0 when it takes packets.
    private let blockedUntil = Atomic<Int64>(0)

    /// - Parameters:
    ///   - name: Of the interface, as tools show it.
    ///   - hardwareAddress: On links with frames; those that carry bare IP packets need none.
    ///   - addresses: The host's on this link.
    ///   - observer: Is shown every packet that passes, either way.
    public init(
        _ device: consuming Device, name: String, hardwareAddress: MACAddress?,
        addresses: [IPPrefix], observer: PacketObserver? = nil
    ) {
        let capabilities = device.capabilities
        configuration = InterfaceConfiguration(
            name: name,
            link: capabilities.isEthernet ? hardwareAddress.map { .ethernet($0) } ?? .ip : .ip,
            mtu: capabilities.mtu, addresses: addresses,
            offloadsChecksums: capabilities.offloadsChecksums, segments: capabilities.segments)
        descriptor = device.descriptor
        self.device = device
        self.observer = observer
    }

    /// How long a device that is full is left alone.
    private static var pause: Interval { .microseconds(200) }

    /// When the device has something to do by itself, or can be tried again.
    var nextDeadline: Instant {
        let blocked = blockedUntil.load(ordering: .relaxed)
        let own = device.nextDeadline
        return blocked == 0 ? own : min(own, Instant(nanoseconds: blocked))
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
        incoming.withLock { batch in
            var count = 0
            while count < limit, let packet = readOne() {
                observer?(packet)
                batch.append(packet)
                count += 1
            }
            if count > 0 { take(&batch) }
            return count
        }
    }

    private func readOne() -> Packet? {
        do throws(DeviceError) { return try device.receive() } catch { return nil }
    }

    /// Lets `fill` add packets to those that wait, and writes them all; whether it wrote them.
    func write(_ fill: (inout Ring<Packet>) -> Void) -> Bool {
        outgoing.withLock { batch in
            fill(&batch)
            while let packet = batch.popFirst() {
                observer?(packet)
                if let rejected = writeOne(packet) {
                    batch.prepend(rejected)
                    let retry = MonotonicClock.now() + Self.pause
                    blockedUntil.store(retry.nanoseconds, ordering: .relaxed)
                    return false
                }
            }
            blockedUntil.store(0, ordering: .relaxed)
            return true
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
