public import Memory
public import Stack
import Wire

/// Copies packets that the stack hands over in the form that a wire would carry: a merged one is
/// cut into segments and a partial checksum completed, on the copies. Any thread may use it.
public struct PacketCopier: Sendable {
    private let networkOffset: Int
    /// Of one packet in all its segments, and one segment beside it, for a few threads at once.
    private let pools = BufferPools(.init(frames: 16, controls: 4, chunks: 48))

    public init(_ linkType: CaptureFile.LinkType = .ethernet) {
        networkOffset = linkType == .ethernet ? EthernetHeader.byteCount : 0
    }

    /// Copies a packet with the time of day, or one that the caller chose; nil without memory.
    public func record(
        _ packet: borrowing Packet, _ direction: PacketRecord.Direction, at time: Instant? = nil
    ) -> PacketRecord? {
        let time = time ?? Self.wallClock
        var bytes: [UInt8] = []
        var ends: [Int] = []
        let isWhole = each(of: packet) { packet in
            var piece = [UInt8](repeating: 0, count: packet.count)
            var span = piece.mutableSpan
            _ = packet.copy(from: 0, into: &span)
            bytes += piece
            ends.append(bytes.count)
        }
        return isWhole ? PacketRecord(direction, at: time, bytes: bytes, ends: ends) : nil
    }

    static var wallClock: Instant {
        let (seconds, nanoseconds) = WallClock.now()
        return Instant(nanoseconds: Int64(seconds) &* 1_000_000_000 &+ Int64(nanoseconds))
    }

    /// Hands each packet to `body`; whether there was memory for all of them.
    func each(of packet: borrowing Packet, _ body: (borrowing Packet) -> Void) -> Bool {
        if packet.metadata.segmentSize > 0 { return eachSegment(of: packet, body) }
        guard case .partial = packet.metadata.checksum else {
            body(packet)
            return true
        }
        guard var copy = pools.copy(packet) else { return false }
        completeChecksum(of: &copy)
        body(copy)
        return true
    }

    private func eachSegment(
        of packet: borrowing Packet, _ body: (borrowing Packet) -> Void
    ) -> Bool {
        guard let copy = pools.copy(packet) else { return false }
        var segmenter = Segmenter(copy, networkOffset: networkOffset)
        while !segmenter.isDone {
            guard var segment = segmenter.next(from: pools) else { return false }
            completeChecksum(of: &segment)
            body(segment)
        }
        return true
    }
}
