import CLinux
import Glibc
import Memory
import Stack

/// The far end of a TAP interface: what the kernel sends there comes in here, and the other way.
///
/// With offloads the kernel leaves checksums and segmentation to us and takes packets that leave
/// them to it, so that one call moves up to 64 KB.
@safe
public struct TAPDevice: ~Copyable, @unchecked Sendable {
    /// Frames that were dropped on the way in, by reason.
    public struct Counters: Equatable, Sendable {
        /// What stood before the frame made no sense, or asked for what we did not offer.
        public var badHeaders: UInt64 = 0
        /// There was no memory for the frame, or not for all of it.
        public var memoryDrops: UInt64 = 0
    }

    /// What the kernel reads and writes in one call, kept so that no packet allocates.
    struct Call: ~Copyable {
        var header = sockeye_frame_header()
        var counters = Counters()
        var reader: PacketReader
    }

    /// Bytes of an Ethernet header, which the MTU does not count.
    private static var linkHeaderCount: Int { 14 }
    /// The frame header, a packet's head and its slices.
    private static var vectorLimit: Int { 2 &+ Packet.sliceLimit }

    /// The interface.
    public let name: String
    public let capabilities: DeviceCapabilities
    /// Polls readable when frames wait; belongs to the device.
    public let descriptor: Int32
    /// Both live as long as the device and are used by one call at a time.
    private let call: UnsafeMutablePointer<Call>
    private let vectors: UnsafeMutablePointer<iovec>

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
        let descriptor = sockeye_tap_open()
        guard descriptor >= 0 else {
            throw DeviceError(operation, result: descriptor, advice: "is /dev/net/tun there?")
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
        unsafe call = .allocate(capacity: 1)
        let frame = capabilities.mtu &+ Self.linkHeaderCount
        let merged = offloads || frame > BufferPools.frameCount &- 128
        unsafe call.initialize(to: Call(reader: PacketReader(pools, merged: merged)))
        unsafe vectors = .allocate(capacity: Self.vectorLimit)
        unsafe vectors.initialize(repeating: iovec(), count: Self.vectorLimit)
    }

    deinit {
        close(descriptor)
        unsafe call.deinitialize(count: 1)
        unsafe call.deallocate()
        unsafe vectors.deallocate()
    }

    /// The interface's MTU, or the negative error number.
    private static func attach(_ descriptor: Int32, _ name: String, _ offloads: Bool) -> Int32 {
        // Both calls read the name's bytes and keep no pointer to them.
        let result = unsafe sockeye_tap_attach(descriptor, name, offloads ? 1 : 0)
        return result < 0 ? result : unsafe sockeye_interface_mtu(name)
    }

    private static func advice(_ code: Int32, _ name: String) -> String {
        switch code {
        case EPERM: "an administrator makes it: ip tuntap add dev \(name) mode tap user USER"
        case EBUSY: "another program is attached to it"
        case EINVAL: "it is not a TAP interface with one queue"
        default: ""
        }
    }

    public var counters: Counters { unsafe call.pointee.counters }

    // MARK: - Packets in

    /// The next frame from the kernel, possibly a merged one; nil when none waits.
    ///
    /// - Throws: `EBADFD` when the interface is gone.
    public borrowing func receive() throws(DeviceError) -> Packet? {
        while true {
            // Where memory is short a frame is read and dropped, since the ACK that frees memory
            // may be the next; where chunks are short a short frame still fits.
            _ = unsafe call.pointee.reader.prepare()
            let pieces = unsafe call.pointee.reader.vectorCount
            var room = 0
            for number in 0..<pieces {
                let piece = unsafe call.pointee.reader.vector(number)
                unsafe vectors[number &+ 1] = iovec(
                    iov_base: piece.baseAddress, iov_len: piece.count)
                room &+= piece.count
            }
            let count = try read(pieces: pieces)
            guard count >= 0 else { return nil }
            guard count < room, let packet = unsafe call.pointee.reader.take(count) else {
                unsafe call.pointee.counters.memoryDrops &+= 1
                continue
            }
            if let packet = checked(packet) { return packet }
        }
    }

    /// Reads a frame into the pieces laid out; how many bytes it has, or -1 when none waits.
    private borrowing func read(pieces: Int) throws(DeviceError) -> Int {
        // Without room for a frame one byte of it is read, which drops the rest.
        let headerCount = capabilities.segments ? MemoryLayout<sockeye_frame_header>.size : 0
        layOutHeader(headerCount)
        while true {
            let first = headerCount > 0 ? 0 : 1
            let count = unsafe readv(
                descriptor, vectors + first, Int32(pieces &+ 1 &- first))
            if count >= headerCount { return count &- headerCount }
            if count >= 0 || errno == EAGAIN { return -1 }
            guard errno == EINTR else {
                throw DeviceError(operation: "read from TAP device \(name)", code: errno)
            }
        }
    }

    /// The packet with what its frame header says; nil when that is no sense.
    private borrowing func checked(_ packet: consuming Packet) -> Packet? {
        guard capabilities.segments else { return packet }
        let header = unsafe FrameHeader(call.pointee.header)
        guard let metadata = header.metadata(headCount: packet.head.count) else {
            unsafe call.pointee.counters.badHeaders &+= 1
            return nil
        }
        packet.metadata = metadata
        return packet
    }

    // MARK: - Packets out

    /// Sends a frame to the kernel; it comes back when the kernel has no room for it.
    ///
    /// - Throws: `EIO` when the interface is down, `EBADFD` when it is gone, `EMSGSIZE` for a
    ///   merged packet without offloads, `EINVAL` for one that is no TCP packet. The packet is
    ///   lost then.
    public borrowing func send(
        _ packet: consuming Packet
    ) throws(DeviceError) -> DeviceSendResult {
        let headerCount = try prepareHeader(for: &packet)
        layOutHeader(headerCount)
        for number in 0...packet.sliceCount {
            let piece = unsafe packet.vector(number)
            // The kernel only reads from it.
            unsafe vectors[number &+ 1] = iovec(
                iov_base: UnsafeMutableRawPointer(mutating: piece.baseAddress),
                iov_len: piece.count)
        }
        while true {
            let first = headerCount > 0 ? 0 : 1
            let count = unsafe writev(
                descriptor, vectors + first, Int32(packet.sliceCount &+ 2 &- first))
            if count >= 0 { return .sent }
            switch errno {
            case EINTR: continue
            case EAGAIN, ENOBUFS, ENOMEM: return .full(packet)
            default: throw DeviceError(operation: "write to TAP device \(name)", code: errno)
            }
        }
    }

    /// Writes what stands before the frame; how many bytes that is.
    private borrowing func prepareHeader(
        for packet: inout Packet
    ) throws(DeviceError) -> Int {
        guard capabilities.segments else {
            completeChecksum(of: &packet)
            guard packet.metadata.segmentSize == 0 else {
                throw DeviceError(operation: "write to TAP device \(name)", code: EMSGSIZE)
            }
            return 0
        }
        guard let header = FrameHeader(describing: &packet) else {
            throw DeviceError(operation: "write to TAP device \(name)", code: EINVAL)
        }
        unsafe call.pointee.header = header.raw
        return MemoryLayout<sockeye_frame_header>.size
    }

    private borrowing func layOutHeader(_ count: Int) {
        unsafe vectors[0] = iovec(
            iov_base: UnsafeMutableRawPointer(call), iov_len: count)
    }
}
