import Memory
import Stack
import Testing

@Suite("Completion of partial checksums")
struct ChecksumCompletionTests {
    let pools = BufferPools(.init(frames: 8, controls: 8, chunks: 16))

    @Test(
        "the sum covers head and slices, wherever they are parted",
        arguments: [66, 67, 100, 101, 1000, 1500])
    func overSlices(headCount: Int) throws {
        var sample = SampleTCPPacket()
        sample.payload = (0..<33333).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var packet = try sample.packet(
            from: pools, headCount: headCount, segmentSize: 0,
            checksum: .partial(start: 34, offset: 16))
        completeChecksum(of: &packet)
        #expect(naiveTCPChecksumIsValid(bytes(of: packet), networkOffset: 14))
        let checksum = packet.metadata.checksum
        #expect(checksum == .unknown)
    }

    @Test(
        "a sum that comes to zero is stored as 0xFFFF for UDP (RFC 768), as zero for the others",
        arguments: [(2, 0), (6, 0xFF), (16, 0)] as [(UInt16, UInt8)])
    func zero(offset: UInt16, byte: UInt8) throws {
        var sample = [UInt8](repeating: 0, count: 20)
        (sample[0], sample[1]) = (0xFF, 0xFF)
        var packet = try makePacket(
            sample, headCount: 20, from: pools,
            metadata: PacketMetadata(checksum: .partial(start: 0, offset: offset)))
        completeChecksum(of: &packet)
        (sample[Int(offset)], sample[Int(offset) + 1]) = (byte, byte)
        #expect(bytes(of: packet) == sample)
    }

    @Test("what is not partial stays as it is", arguments: [false, true])
    func untouched(verified: Bool) throws {
        let checksum: PacketMetadata.Checksum = verified ? .verified : .unknown
        var packet = try makePacket(
            [1, 2, 3, 4], headCount: 4, from: pools, metadata: PacketMetadata(checksum: checksum))
        completeChecksum(of: &packet)
        #expect(bytes(of: packet) == [1, 2, 3, 4])
        let after = packet.metadata.checksum
        #expect(after == checksum)
    }

    @Test(
        "a field outside the head is left alone",
        arguments: [(0, 3), (3, 0), (4, 0), (65535, 65535), (2, 65535)] as [(UInt16, UInt16)])
    func outside(start: UInt16, offset: UInt16) throws {
        var packet = try makePacket(
            [1, 2, 3, 4], headCount: 4, from: pools,
            metadata: PacketMetadata(checksum: .partial(start: start, offset: offset)))
        completeChecksum(of: &packet)
        #expect(bytes(of: packet) == [1, 2, 3, 4])
    }
}
