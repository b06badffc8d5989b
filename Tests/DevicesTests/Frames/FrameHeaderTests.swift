import CLinux
import Memory
import Stack
import Testing
import Wire

@testable import Devices

@Suite("The header before a TAP device's frames (VIRTIO 1.2 §5.1.6)")
struct FrameHeaderTests {
    let pools = BufferPools(.init(frames: 16, controls: 16, chunks: 16))
    let path = Path(
        sourceHardware: MACAddress(2, 0, 0, 0, 0, 1),
        destinationHardware: MACAddress(2, 0, 0, 0, 0, 2),
        source: SocketAddress(address: .v4(10, 0, 0, 1), port: 80),
        destination: SocketAddress(address: .v4(10, 0, 0, 2), port: 81))

    private func metadata(
        flags: UInt8 = 0, segmentation: UInt8 = 0, size: UInt16 = 0, start: UInt16 = 0,
        offset: UInt16 = 0, headCount: Int = 100
    ) -> PacketMetadata? {
        FrameHeader(
            clinux_frame_header(
                flags: flags, segmentation: segmentation, header_count: 0, segment_size: size,
                checksum_start: start, checksum_offset: offset)
        ).metadata(headCount: headCount)
    }

    @Test("Nothing said is a plain packet")
    func plain() {
        #expect(metadata() == PacketMetadata())
    }

    @Test("A checksum that was left out or verified is told")
    func checksums() {
        #expect(
            metadata(flags: 1, start: 34, offset: 16)
                == PacketMetadata(checksum: .partial(start: 34, offset: 16)))
        #expect(metadata(flags: 2) == PacketMetadata(checksum: .verified))
    }

    @Test("A checksum field outside the head is no sense")
    func checksumOutside() {
        #expect(metadata(flags: 1, start: 82, offset: 16) != nil)
        #expect(metadata(flags: 1, start: 83, offset: 16) == nil)
        #expect(metadata(flags: 1, start: 65535, offset: 65535) == nil)
    }

    @Test("Merged TCP is told for both families, with and without congestion notification")
    func merged() {
        for kind: UInt8 in [1, 4, 0x81, 0x84] {
            let merged = metadata(flags: 1, segmentation: kind, size: 1448, start: 34, offset: 16)
            #expect(merged?.segmentSize == 1448)
        }
    }

    @Test("A kind that was not asked for, or no size, is no sense")
    func unknownKinds() {
        for kind: UInt8 in [2, 3, 5, 0x7F, 0x80 | 3] {
            #expect(metadata(segmentation: kind, size: 1448) == nil)
        }
        #expect(metadata(segmentation: 1, size: 0) == nil)
    }

    @Test("A merged segment is described by size, kind and where its payload begins")
    func describesMerged() throws {
        let frame = path.segment(
            [.ack, .cwr], sequence: SequenceNumber(1), acknowledgment: SequenceNumber(2), mss: 9,
            pattern(3000), .partial)
        var packet = try makePacket(
            frame, headCount: 58, from: pools, metadata: path.partial(.tcp, segmentSize: 1000))
        let described = FrameHeader(describing: &packet, networkOffset: 14)
        let header = try #require(described).raw
        #expect(header.flags == 1)
        #expect(header.segmentation == 0x81)
        #expect(header.header_count == 58)
        #expect(header.segment_size == 1000)
        #expect(header.checksum_start == 34)
        #expect(header.checksum_offset == 16)
    }

    @Test("A merged segment that was verified has its checksum made partial")
    func verifiedMerged() throws {
        let segment = { (form: ChecksumForm) in
            path.segment(
                .ack, sequence: SequenceNumber(1), acknowledgment: SequenceNumber(2),
                pattern(3000), form)
        }
        var packet = try makePacket(
            segment(.complete), headCount: 54, from: pools,
            metadata: PacketMetadata(checksum: .verified, segmentSize: 1000))
        let described = FrameHeader(describing: &packet, networkOffset: 14)
        let header = try #require(described).raw
        #expect(header.flags == 1)
        #expect(bytes(of: packet) == segment(.partial))
    }

    @Test("A merged packet that is no TCP is refused")
    func mergedUDP() throws {
        var datagram = try makePacket(
            path.datagram(pattern(3000)), headCount: 42, from: pools,
            metadata: PacketMetadata(segmentSize: 1000))
        let isRefused = FrameHeader(describing: &datagram, networkOffset: 14) == nil
        #expect(isRefused)
        var runt = try makePacket([1, 2, 3], from: pools, metadata: PacketMetadata(segmentSize: 1))
        let runtIsRefused = FrameHeader(describing: &runt, networkOffset: 14) == nil
        #expect(runtIsRefused)
    }

    @Test("A partial checksum outside the head is refused")
    func partialOutside() throws {
        let metadata = PacketMetadata(checksum: .partial(start: 65535, offset: 65535))
        var packet = try makePacket(pattern(60), from: pools, metadata: metadata)
        let isRefused = FrameHeader(describing: &packet, networkOffset: 14) == nil
        #expect(isRefused)
    }

    @Test("No bytes of a header or of a packet trap")
    func anything() throws {
        var random = RandomSource(seed: 1, 2)
        var accepted = 0
        for _ in 0..<200_000 {
            let bits = random.next()
            let more = random.next()
            let header = FrameHeader(
                clinux_frame_header(
                    flags: UInt8(truncatingIfNeeded: bits) & 3,
                    segmentation: UInt8(truncatingIfNeeded: bits >> 8) & 0x87,
                    header_count: UInt16(truncatingIfNeeded: bits >> 16),
                    segment_size: UInt16(truncatingIfNeeded: bits >> 32),
                    checksum_start: UInt16(truncatingIfNeeded: more) & 0xFF,
                    checksum_offset: UInt16(truncatingIfNeeded: more >> 16) & 0xFF))
            guard let metadata = header.metadata(headCount: Int(more >> 56)) else { continue }
            accepted += 1
            // A packet as it could be, with the addresses' family and lengths at random.
            let frame = pattern(Int(more >> 40 & 0x7F), seed: UInt32(truncatingIfNeeded: more))
            var packet = try makePacket(frame, from: pools, metadata: metadata)
            if packet.count > 14 {
                var head = packet.mutableHead
                head.write(UInt16(bits >> 63 == 0 ? 0x0800 : 0x86DD), at: 12)
            }
            _ = FrameHeader(describing: &packet, networkOffset: 14)
        }
        #expect(accepted > 10_000)
    }
}
