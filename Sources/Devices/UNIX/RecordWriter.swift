import CLinux
import Glibc
import Memory
import Stack

/// Sends frames over a stream, each behind its length in four bytes, most significant first.
///
/// A stream takes as much as it has room for: the rest of a record waits in memory of its own, and
/// no other record goes before it.
struct RecordWriter: ~Copyable {
    /// The connection; nil while there is none.
    private var descriptor: Int32?
    private var vectors = FrameVectors()
    private var rest = [UInt8](
        repeating: 0, count: FrameVectors.lengthCount &+ RecordReader.longest)
    private var restStart = 0
    private var restEnd = 0
    private(set) var counters = DeviceCounters()

    /// Whether part of a record waits until the stream has room.
    var hasRest: Bool { restStart < restEnd }

    /// Sends over this connection from now on, or nowhere.
    mutating func attach(_ descriptor: Int32?) {
        if hasRest { counters.undelivered &+= 1 }
        self.descriptor = descriptor
        restStart = 0
        restEnd = 0
    }

    /// Sends a frame, which comes back when the stream has no room. While there is no connection
    /// frames are lost, as on a cable that is not plugged in.
    mutating func send(_ packet: consuming Packet) -> DeviceSendResult {
        guard let descriptor, packet.metadata.segmentSize == 0,
            packet.count > 0, packet.count <= RecordReader.longest
        else {
            counters.undelivered &+= 1
            return .sent
        }
        guard flush() else { return .full(packet) }
        completeChecksum(of: &packet)
        vectors.start(prefixCount: FrameVectors.lengthCount)
        vectors.recordLength = UInt32(truncatingIfNeeded: packet.count)
        for number in 0...packet.sliceCount {
            // The packet is neither changed nor given up before the call returns.
            unsafe vectors.add(packet.vector(number))
        }
        let result = vectors.send(to: descriptor)
        switch result {
        case 0 &- Int(EAGAIN), 0 &- Int(ENOBUFS), 0 &- Int(ENOMEM): return .full(packet)
        case ..<0:
            breakOff()
            counters.undelivered &+= 1
        default: keepRest(of: packet, from: result)
        }
        return .sent
    }

    /// Sends what waits; whether nothing does any more.
    mutating func flush() -> Bool {
        guard hasRest, let descriptor else { return true }
        let (from, to) = (restStart, restEnd)
        let result = unsafe rest.withUnsafeMutableBytes { bytes in
            var piece = unsafe clinux_vector(
                bytes: bytes.baseAddress.unsafelyUnwrapped + from, count: to &- from)
            return unsafe clinux_send_vectors(descriptor, nil, &piece, 1)
        }
        switch result {
        case 0 &- Int(EAGAIN), 0 &- Int(ENOBUFS), 0 &- Int(ENOMEM): return false
        case ..<0:
            breakOff()
            return true
        default:
            restStart &+= result
            return !hasRest
        }
    }

    /// Keeps what is left of the record of `packet` after its first `sent` bytes went.
    private mutating func keepRest(of packet: borrowing Packet, from sent: Int) {
        let total = FrameVectors.lengthCount &+ packet.count
        guard sent < total else { return }
        restStart = sent
        restEnd = total
        var span = rest.mutableSpan
        span.write(UInt32(truncatingIfNeeded: packet.count), at: 0)
        var place = FrameVectors.lengthCount
        span.write(packet.head, at: place)
        place &+= packet.head.count
        for number in 0..<packet.sliceCount {
            span.write(packet.slice(number), at: place)
            place &+= packet.slice(number).count
        }
    }

    /// Ends a connection that takes no more; the reading side learns of it by the stream's end.
    private mutating func breakOff() {
        if let descriptor { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
        attach(nil)
    }
}
