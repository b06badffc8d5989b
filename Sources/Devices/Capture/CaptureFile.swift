import CPcap
import Memory
import Stack
import Synchronization
import Wire

/// Packets written to a file that tcpdump and Wireshark read, with times in nanoseconds.
///
/// What is recorded is what a wire would carry: merged packets are cut into segments and partial
/// checksums completed, on copies. Any thread may record. A capture that has failed (a full disk)
/// records no more, and `close` says so.
public final class CaptureFile: Sendable {
    /// What the packets begin with.
    public enum LinkType: Sendable {
        case ethernet
        /// Bare IPv4 and IPv6 packets.
        case rawIP
    }

    private let writer: Mutex<CaptureWriter>
    private let networkOffset: Int
    /// For copies: of one packet in all its segments, and one segment beside it.
    private let pools = BufferPools(.init(frames: 4, controls: 1, chunks: 16))

    /// - Parameter path: The file, which is written anew; "-" is standard output, written out
    ///   after each packet for whoever reads along.
    /// - Throws: What `fopen` fails with.
    public init(path: String, linkType: LinkType) throws(DeviceError) {
        networkOffset = linkType == .ethernet ? EthernetHeader.byteCount : 0
        let link = linkType == .ethernet ? CPCAP_ETHERNET : CPCAP_RAW_IP
        writer = Mutex(try CaptureWriter(path: path, link: link))
    }

    /// Records a packet with the time of day.
    public func record(_ packet: borrowing Packet) {
        record(packet, at: Self.wallClock)
    }

    /// Records a packet with a time that the caller chose, such as a simulation's.
    public func record(_ packet: borrowing Packet, at time: Instant) {
        if packet.metadata.segmentSize > 0 {
            recordSegments(packet, at: time)
            return
        }
        guard case .partial = packet.metadata.checksum else {
            writer.withLock { $0.write(packet, at: time) }
            return
        }
        guard var copy = pools.copy(packet) else { return noteMissed() }
        completeChecksum(of: &copy)
        writer.withLock { $0.write(copy, at: time) }
    }

    /// Records the bytes of a packet with a time that the caller chose, such as a simulation's.
    public func record(_ bytes: Span<UInt8>, at time: Instant) {
        writer.withLock { $0.write(bytes, at: time) }
    }

    /// How many packets could not be recorded.
    public var missed: UInt64 { writer.withLock { $0.missed } }

    /// Writes out what was recorded so far.
    public func flush() { writer.withLock { $0.flush() } }

    /// Writes out everything and ends the capture; what is recorded later is ignored.
    ///
    /// - Returns: Why packets are missing from the file, nil when all are there.
    @discardableResult
    public func close() -> DeviceError? { writer.withLock { $0.close() } }

    private static var wallClock: Instant {
        let (seconds, nanoseconds) = WallClock.now()
        return Instant(nanoseconds: Int64(seconds) &* 1_000_000_000 &+ Int64(nanoseconds))
    }

    private func recordSegments(_ packet: borrowing Packet, at time: Instant) {
        guard let copy = pools.copy(packet) else { return noteMissed() }
        var segmenter = Segmenter(copy, networkOffset: networkOffset)
        while !segmenter.isDone {
            guard var segment = segmenter.next(from: pools) else { return noteMissed() }
            completeChecksum(of: &segment)
            writer.withLock { $0.write(segment, at: time) }
        }
    }

    private func noteMissed() { writer.withLock { $0.missed &+= 1 } }
}
