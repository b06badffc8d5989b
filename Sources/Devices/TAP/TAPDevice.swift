import CLinux
import Glibc
import Memory
import Synchronization
import Wire

/// The far end of a TAP interface: what the kernel sends there comes in here, and the other way.
///
/// With offloads the kernel leaves checksums and segmentation to us and takes packets that leave
/// them to it, so that one call moves up to 64 KB. Any thread may use it; one may receive while
/// another sends.
public struct TAPDevice: ~Copyable, Sendable {
    /// Frames that were dropped on the way in, by reason.
    public struct Counters: Equatable, Sendable {
        /// What stood before the frame made no sense, or asked for what we did not offer.
        public var badHeaders: UInt64 = 0
        /// There was no memory for the frame, or not for all of it.
        public var memoryDrops: UInt64 = 0
    }

    /// What a frame slot surely takes of a packet that is read.
    private static var shortest: Int { BufferPools.frameCount &- 128 }

    /// The interface.
    public let name: String
    public let capabilities: DeviceCapabilities
    /// Polls readable when frames wait; belongs to the device.
    public let descriptor: Int32
    private let input: Mutex<TAPInput>
    private let output: Mutex<TAPOutput>

    /// Attaches to the interface `name`, which is made if there is none and the user may.
    ///
    /// An ordinary user may attach to an interface that was made for them:
    /// `ip tuntap add dev NAME mode tap user USER`.
    ///
    /// - Parameters:
    ///   - pools: Where frames that come in take their memory.
    ///   - offloads: Whether checksums and segmentation are left to the other side.
    /// - Throws: `ENOENT` or `EACCES` without /dev/net/tun, `EPERM` when the interface belongs to
    ///   someone else, `EBUSY` when a program is attached to it, `EINVAL` when it is no TAP.
    public init(
        name: String, pools: BufferPools, offloads: Bool = true
    ) throws(DeviceError) {
        let operation = "open TAP device \(name)"
        let descriptor = clinux_tap_open()
        guard descriptor >= 0 else {
            throw DeviceError(operation, result: descriptor, advice: Self.openingAdvice(descriptor))
        }
        let mtu = Self.attach(descriptor, name, offloads)
        guard mtu >= 0 else {
            close(descriptor)
            throw DeviceError(operation, result: mtu, advice: Self.advice(0 &- mtu, name))
        }
        self.name = name
        self.descriptor = descriptor
        capabilities = DeviceCapabilities(
            isEthernet: true, mtu: Int(mtu), offloadsChecksums: offloads, segments: offloads)
        let merged = offloads || Int(mtu) &+ EthernetHeader.byteCount > Self.shortest
        input = Mutex(
            TAPInput(
                descriptor, hasHeaders: offloads, reader: PacketReader(pools, merged: merged)))
        output = Mutex(TAPOutput(descriptor, hasHeaders: offloads))
    }

    deinit { close(descriptor) }

    /// The interface's MTU, or the negative error number.
    private static func attach(_ descriptor: Int32, _ name: String, _ offloads: Bool) -> Int32 {
        // Both calls read the name's bytes and keep no pointer to them.
        let result = unsafe clinux_tap_attach(descriptor, name, offloads ? 1 : 0)
        return result < 0 ? result : unsafe clinux_interface_mtu(name)
    }

    /// For what opening /dev/net/tun returned.
    private static func openingAdvice(_ result: Int32) -> String {
        switch 0 &- result {
        case ENOENT, ENODEV, ENXIO: "there is no /dev/net/tun: modprobe tun"
        case EACCES, EPERM: "/dev/net/tun is not readable and writable for this user"
        default: ""
        }
    }

    private static func advice(_ code: Int32, _ name: String) -> String {
        switch code {
        case EPERM: "an administrator makes it: ip tuntap add dev \(name) mode tap user USER"
        case EBUSY: "another program is attached to it"
        case EINVAL: "it is not a TAP interface with one queue"
        default: ""
        }
    }

    public var counters: Counters { input.withLock { $0.counters } }

    /// The next frame from the kernel, possibly a merged one; nil when none waits.
    ///
    /// - Throws: `EBADFD` when the interface is gone.
    public borrowing func receive() throws(DeviceError) -> Packet? {
        do throws(SystemFailure) {
            return try input.withLock { (input) throws(SystemFailure) in try input.next() }
        } catch {
            throw DeviceError(operation: "read from TAP device \(name)", code: error.code)
        }
    }

    /// Sends a frame to the kernel; it comes back when the kernel has no room for it.
    ///
    /// - Throws: `EIO` when the interface is down, `EBADFD` when it is gone, `EMSGSIZE` for a
    ///   merged packet without offloads, `EINVAL` for one that is no TCP packet. The packet is
    ///   lost then.
    public borrowing func send(_ packet: consuming Packet) throws(DeviceError) -> DeviceSendResult {
        var offered: Packet? = packet
        do throws(SystemFailure) {
            return try output.withLock { (output) throws(SystemFailure) -> DeviceSendResult in
                guard let packet = offered.take() else { return .sent }
                return try output.send(packet)
            }
        } catch {
            throw DeviceError(operation: "write to TAP device \(name)", code: error.code)
        }
    }
}
