import CPcap
import Memory
import Stack
import Synchronization

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
    private let copier: PacketCopier

    /// - Parameter path: The file, which is written anew; "-" is standard output, written out
    ///   after each packet for whoever reads along.
    /// - Throws: What `fopen` fails with.
    public init(path: String, linkType: LinkType) throws(DeviceError) {
        copier = PacketCopier(linkType)
        let link = linkType == .ethernet ? CPCAP_ETHERNET : CPCAP_RAW_IP
        writer = Mutex(try CaptureWriter(path: path, link: link))
    }

    /// Records a packet with the time of day.
    public func record(_ packet: borrowing Packet) {
        record(packet, at: PacketCopier.wallClock)
    }

    /// Records a packet with a time that the caller chose, such as a simulation's.
    public func record(_ packet: borrowing Packet, at time: Instant) {
        let isWhole = copier.each(of: packet) { packet in
            writer.withLock { $0.write(packet, at: time) }
        }
        if !isWhole { writer.withLock { $0.missed &+= 1 } }
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
}
