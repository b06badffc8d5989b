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

    @Test("a sum that comes to zero is stored as 0xFFFF (RFC 768)")
    func zero() throws {
        var packet = try makePacket(
            [0, 0, 0xFF, 0xFF], headCount: 4, from: pools,
            metadata: PacketMetadata(checksum: .partial(start: 0, offset: 0)))
        completeChecksum(of: &packet)
        #expect(bytes(of: packet) == [0xFF, 0xFF, 0xFF, 0xFF])
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
