import Equipment
import Memory
import Stack
import Testing

@Suite("Merged packets on impaired links")
struct MergedPacketTests {
    let pools = BufferPools(.init(frames: 64, controls: 8, chunks: 16))

    /// A merged TCP packet of 10,000 bytes payload by 1,000 bytes behind 54 bytes of headers.
    private func merged() throws -> Packet {
        var bytes: [UInt8] = Array(repeating: 0xEE, count: 14)
        bytes += [0x45, 0, 0x27, 0x38, 0, 1, 0, 0, 64, 6, 0, 0]
        bytes += [10, 7, 0, 1, 10, 7, 0, 2]
        bytes += [0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10, 1, 0, 0, 0, 0, 0]
        bytes += Array(repeating: 0x11, count: 10_000)
        return try makePacket(
            bytes, headCount: 54, from: pools,
            metadata: PacketMetadata(checksum: .verified, segmentSize: 1000))
    }

    private func sizes(_ change: (inout Impairments) -> Void) throws -> [Int] {
        var impairments = Impairments()
        change(&impairments)
        var link = ImpairedLink(impairments, networkOffset: 14, seed: 1, 2, pools: pools)
        link.submit(try merged(), at: .zero)
        var sizes: [Int] = []
        while let packet = link.next(at: Instant(nanoseconds: .max - 1)) {
            sizes.append(packet.count)
        }
        return sizes
    }

    @Test("a link that only delays passes them whole")
    func whole() throws {
        #expect(try sizes { $0.delay = .seconds(1) } == [10_054])
    }

    @Test("a link that does more takes them as the plain packets they stand for")
    func cut() throws {
        let plain = Array(repeating: 1054, count: 10)
        #expect(try sizes { $0.rate = .megabits(1) } == plain)
        #expect(try sizes { $0.jitter = .microseconds(1) } == plain)
        #expect(try sizes { $0.reordering = .always } == plain)
        #expect(try sizes { $0.corruption = .always } == plain)
        #expect(try sizes { $0.duplication = .always } == plain + plain)
        let some = try sizes { $0.loss = .percent(50) }
        #expect(some.count > 0 && some.count < 10)
    }

    @Test("segments for which there is no memory are counted")
    func shortOfMemory() throws {
        let pools = BufferPools(.init(frames: 4, controls: 1, chunks: 4))
        var impairments = Impairments()
        impairments.rate = .megabits(1)
        var link = ImpairedLink(impairments, networkOffset: 14, seed: 1, 2, pools: pools)
        let copy = pools.copy(try merged())
        guard let packet = copy else {
            Issue.record("no memory for the sample")
            return
        }
        link.submit(packet, at: .zero)
        let counters = link.counters
        #expect(counters.submitted == 10)
        #expect(counters.memoryDrops == 7)
        let underWay = link.count
        #expect(underWay == 3)
    }
}
