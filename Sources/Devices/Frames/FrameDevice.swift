import CLinux
import Glibc
import Memory
import Synchronization
import Wire

/// A descriptor of the system on which one read or one write moves one packet: TAP and TUN
/// interfaces, packet sockets and UNIX datagram sockets, each of which has an initializer of its
/// own.
///
/// With offloads a `virtio_net_hdr` stands before each packet: the other side leaves checksums and
/// segmentation to us and takes packets that leave them to it, so that one call moves up to 64 KB.
/// Any thread may use it; one may receive while another sends.
public struct FrameDevice: ~Copyable, Sendable {
    /// What it is and which one, such as "TAP device tap0".
    public let label: String
    public let capabilities: DeviceCapabilities
    /// Polls readable when packets wait; belongs to the device.
    public let descriptor: Int32
    private let input: Mutex<FrameInput>
    private let output: Mutex<FrameOutput>
    /// What goes with the device.
    private let path: BoundPath?

    /// What a frame slot surely takes of a packet that is read.
    private static var shortest: Int { BufferPools.frameCount &- 128 }

    /// - Parameters:
    ///   - descriptor: Becomes the device's.
    ///   - hasHeaders: Whether a `virtio_net_hdr` stands before each packet.
    ///   - destination: Where each packet is addressed to; nil where the descriptor knows.
    ///   - path: A name in the file system that goes with the device.
    ///   - pools: Where packets that come in take their memory.
    init(
        _ label: String, descriptor: Int32, capabilities: DeviceCapabilities, hasHeaders: Bool,
        to destination: consuming UNIXAddress? = nil, path: consuming BoundPath? = nil,
        pools: BufferPools
    ) {
        self.label = label
        self.descriptor = descriptor
        self.capabilities = capabilities
        self.path = path
        let longest = capabilities.mtu &+ capabilities.networkOffset
        let reader = PacketReader(pools, merged: capabilities.segments || longest > Self.shortest)
        input = Mutex(FrameInput(descriptor, hasHeaders: hasHeaders, reader: reader))
        output = Mutex(
            FrameOutput(
                descriptor, hasHeaders: hasHeaders, networkOffset: capabilities.networkOffset,
                to: destination))
    }

    deinit { close(descriptor) }

    /// What was dropped so far.
    public var counters: DeviceCounters {
        input.withLock { $0.totalCounters() } + output.withLock { $0.counters }
    }

    /// The next packet from the other side, possibly a merged one; nil when none waits.
    ///
    /// - Throws: `EBADFD` when a TAP or TUN interface is gone, `ENETDOWN` once when that of a
    ///   packet socket went down.
    public borrowing func receive() throws(DeviceError) -> Packet? {
        do throws(SystemFailure) {
            return try input.withLock { (input) throws(SystemFailure) in try input.next() }
        } catch {
            throw DeviceError(operation: "read from \(label)", code: error.code)
        }
    }

    /// Sends a packet; it comes back when the system has no room for it.
    ///
    /// - Throws: `EIO` or `ENETDOWN` when the interface is down, `EBADFD` or `ENXIO` when it is
    ///   gone, `ENOENT` or `ECONNREFUSED` when nobody reads at the other end of a UNIX socket,
    ///   `EMSGSIZE` for a merged packet without offloads, `EINVAL` for one that is no TCP packet.
    ///   The packet is lost then, and counted.
    public borrowing func send(_ packet: consuming Packet) throws(DeviceError) -> DeviceSendResult {
        var offered: Packet? = packet
        do throws(SystemFailure) {
            return try output.withLock { (output) throws(SystemFailure) -> DeviceSendResult in
                guard let packet = offered.take() else { return .sent }
                return try output.send(packet)
            }
        } catch {
            throw DeviceError(operation: "write to \(label)", code: error.code)
        }
    }
}
