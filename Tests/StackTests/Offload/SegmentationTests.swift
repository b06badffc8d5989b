import Memory
import Stack
import Testing

@Suite("Segmentation of merged packets")
struct SegmentationTests {
    let pools = BufferPools(.init(frames: 64, controls: 8, chunks: 16))

    /// A merged packet and what is asked of its segments.
    struct Case: Sendable, CustomTestStringConvertible {
        var isIPv6: Bool
        var networkOffset: Int
        var payloadCount: Int
        var segmentSize: Int
        /// Bytes of payload that stand in the head.
        var inHead: Int
        var testDescription: String {
            "\(isIPv6 ? "IPv6" : "IPv4") at \(networkOffset): \(payloadCount) by \(segmentSize), \(inHead) in the head"
        }
    }

    static let cases: [Case] = [false, true].flatMap { isIPv6 in
        [0, 14].flatMap { networkOffset in
            [
                (1, 536, 1), (1460, 1460, 0), (1461, 1460, 100), (2920, 1460, 0),
                (60000, 1448, 0), (40001, 1460, 1000), (30000, 4000, 77), (33000, 16000, 0),
                (101, 10, 101),
            ].map {
                Case(
                    isIPv6: isIPv6, networkOffset: networkOffset, payloadCount: $0.0,
                    segmentSize: $0.1, inHead: $0.2)
            }
        }
    }

    /// FIN, PSH, ACK, ECE and CWR.
    private func sample(_ one: Case) -> SampleTCPPacket {
        SampleTCPPacket(
            isIPv6: one.isIPv6, networkOffset: one.networkOffset, flags: 0xD9,
            payload: (0..<one.payloadCount).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) })
    }

    private func segments(_ segmenter: consuming Segmenter) -> [[UInt8]] {
        var all: [[UInt8]] = []
        while let segment = segmenter.next(from: pools) {
            all.append(bytes(of: segment))
        }
        return all
    }

    @Test("the payload comes out whole, in order, by the segment size", arguments: cases)
    func payload(one: Case) throws {
        let sample = sample(one)
        let packet = try sample.packet(
            from: pools, headCount: sample.payloadOffset + one.inHead,
            segmentSize: UInt16(one.segmentSize), checksum: .verified)
        let segments = segments(Segmenter(packet, networkOffset: one.networkOffset))
        let payloads = segments.map { Array($0[sample.payloadOffset...]) }
        #expect(payloads.flatMap { $0 } == sample.payload)
        #expect(payloads.dropLast().allSatisfy { $0.count == one.segmentSize })
        #expect(segments.count == (one.payloadCount + one.segmentSize - 1) / one.segmentSize)
    }

    @Test("headers are those of plain packets with their own numbers", arguments: cases)
    func headers(one: Case) throws {
        let sample = sample(one)
        let packet = try sample.packet(
            from: pools, headCount: sample.payloadOffset + one.inHead,
            segmentSize: UInt16(one.segmentSize), checksum: .verified)
        let segments = segments(Segmenter(packet, networkOffset: one.networkOffset))
        for (number, segment) in segments.enumerated() {
            let isLast = number == segments.count - 1
            var expected = sample
            expected.sequence &+= UInt32(number * one.segmentSize)
            expected.identification &+= UInt16(number)
            expected.payload = Array(segment[sample.payloadOffset...])
            // FIN and PSH on the last only, CWR on the first only (RFC 3168 §6.1.2).
            expected.flags = 0x50 | (isLast ? 0x09 : 0) | (number == 0 ? 0x80 : 0)
            var plain = segment
            let checksum = sample.transportOffset + 16..<sample.transportOffset + 18
            plain.replaceSubrange(checksum, with: [0, 0])
            #expect(plain == expected.bytes)
            #expect(naiveTCPChecksumIsValid(segment, networkOffset: one.networkOffset))
        }
    }

    @Test("a partial checksum stays partial, over each segment's own length", arguments: cases)
    func partial(one: Case) throws {
        let sample = sample(one)
        let partial = PacketMetadata.Checksum.partial(
            start: UInt16(sample.transportOffset), offset: 16)
        let packet = try sample.packet(
            from: pools, headCount: sample.payloadOffset + one.inHead,
            segmentSize: UInt16(one.segmentSize), checksum: partial)
        var segmenter = Segmenter(packet, networkOffset: one.networkOffset)
        while var segment = segmenter.next(from: pools) {
            let metadata = segment.metadata
            #expect(metadata == PacketMetadata(checksum: partial))
            let before = bytes(of: segment)
            let field = before[sample.transportOffset + 16..<sample.transportOffset + 18]
            let sum = naivePseudoHeaderSum(before, networkOffset: one.networkOffset)
            #expect(Array(field) == big(sum))
            completeChecksum(of: &segment)
            let after = bytes(of: segment)
            #expect(naiveTCPChecksumIsValid(after, networkOffset: one.networkOffset))
        }
    }

    @Test("segments that fit a frame are contiguous, and nothing is left behind")
    func contiguous() throws {
        do {
            var sample = SampleTCPPacket()
            sample.payload = Array(repeating: 5, count: 50000)
            let packet = try sample.packet(
                from: pools, headCount: sample.payloadOffset, segmentSize: 1460,
                checksum: .verified)
            var segmenter = Segmenter(packet, networkOffset: 14)
            var remaining = segmenter.remaining
            #expect(remaining == 35)
            while let segment = segmenter.next(from: pools) {
                remaining -= 1
                let (slices, left) = (segment.sliceCount, segmenter.remaining)
                #expect(slices == 0)
                #expect(left == remaining)
            }
            let isDone = segmenter.isDone
            #expect(isDone)
        }
        let (available, capacity) = (pools.available, pools.capacity)
        #expect(available.frames == capacity.frames)
        #expect(available.chunks == capacity.chunks)
    }

    @Test("short of memory, it says so and goes on later")
    func exhaustion() throws {
        let pools = BufferPools(.init(frames: 3, controls: 1, chunks: 2))
        var sample = SampleTCPPacket()
        sample.payload = (0..<4000).map { UInt8(truncatingIfNeeded: $0) }
        let packet = try sample.packet(
            from: pools, headCount: sample.payloadOffset, segmentSize: 1000, checksum: .verified)
        var segmenter = Segmenter(packet, networkOffset: 14)
        var received: [UInt8] = []
        do {
            let first = segmenter.next(from: pools)
            let second = segmenter.next(from: pools)
            let third = segmenter.next(from: pools)
            let outcome = (first != nil, second != nil, third == nil, segmenter.isDone)
            #expect(outcome == (true, true, true, false))
            if let first { received += bytes(of: first)[sample.payloadOffset...] }
            if let second { received += bytes(of: second)[sample.payloadOffset...] }
        }
        while let segment = segmenter.next(from: pools) {
            received += bytes(of: segment)[sample.payloadOffset...]
        }
        #expect(received == sample.payload)
    }

    @Test("padding of the link behind the packet is left out")
    func padding() throws {
        var sample = SampleTCPPacket()
        sample.payload = Array(repeating: 7, count: 30)
        var padded = sample.bytes
        padded += [0, 0, 0, 0]
        let packet = try makePacket(
            padded, headCount: padded.count, from: pools,
            metadata: PacketMetadata(checksum: .verified, segmentSize: 20))
        let segments = segments(Segmenter(packet, networkOffset: 14))
        #expect(segments.map { $0.count - sample.payloadOffset } == [20, 10])
    }

    @Test("options for hops and destinations before TCP are copied (RFC 8200 §4)")
    func extensionHeaders() throws {
        var sample = SampleTCPPacket(isIPv6: true, networkOffset: 0)
        sample.payload = Array(repeating: 7, count: 30)
        var bytes = sample.bytes
        bytes[6] = 0
        bytes[5] += 24
        bytes.insert(contentsOf: [60, 0, 1, 4, 0, 0, 0, 0], at: 40)
        bytes.insert(contentsOf: [6, 1, 1, 12] + Array(repeating: 0, count: 12), at: 48)
        let packet = try makePacket(
            bytes, headCount: bytes.count, from: pools,
            metadata: PacketMetadata(checksum: .verified, segmentSize: 20))
        let segments = segments(Segmenter(packet, networkOffset: 0))
        let lengths = segments.map { Int($0[4]) << 8 | Int($0[5]) }
        #expect(lengths == [24 + 32 + 20, 24 + 32 + 10])
        #expect(segments.allSatisfy { $0[40..<64] == bytes[40..<64] })
    }

    @Test("what is no merged TCP packet comes out once, as it is")
    func others() throws {
        var sample = SampleTCPPacket()
        sample.payload = Array(repeating: 7, count: 100)
        let plain = sample.bytes
        var udp = plain
        udp[14 + 9] = 17
        var fragment = plain
        fragment[14 + 6] = 0x20
        var overlong = plain
        overlong[14 + 2] = 0xFF
        var shortHeader = plain
        shortHeader[14] = 0x44
        var shortOffset = plain
        shortOffset[34 + 12] = 0x40
        var longOffset = plain
        longOffset[34 + 12] = 0xF0
        longOffset[14 + 3] = 79
        for (bytes, size) in [
            (plain, 0), (udp, 50), (fragment, 50), (overlong, 50), (shortHeader, 50),
            (shortOffset, 50), (longOffset, 50), (Array(plain.prefix(20)), 50), ([], 50),
        ] {
            let packet = try makePacket(
                bytes, headCount: bytes.count, from: pools,
                metadata: PacketMetadata(segmentSize: UInt16(size)))
            #expect(segments(Segmenter(packet, networkOffset: 14)) == [bytes])
        }
    }

    @Test("no bytes of any kind trap")
    func noTrap() throws {
        var random = RandomSource(seed: 5, 6)
        var sample = SampleTCPPacket()
        sample.payload = Array(repeating: 7, count: 60)
        var plain = 0
        for round in 0..<20_000 {
            sample.isIPv6 = round % 2 == 0
            var bytes = sample.bytes
            for _ in 0..<random.next(below: 6) {
                bytes[Int(random.next(below: 80))] = UInt8(random.next(below: 256))
            }
            bytes.removeLast(Int(random.next(below: 100)))
            let packet = try makePacket(
                bytes, headCount: Int(random.next(below: UInt32(bytes.count + 1))), from: pools,
                metadata: PacketMetadata(segmentSize: UInt16(random.next(below: 50))))
            var segmenter = Segmenter(packet, networkOffset: 14)
            while let segment = segmenter.next(from: pools) {
                plain += segment.metadata.segmentSize == 0 ? 1 : 0
            }
            let isDone = segmenter.isDone
            #expect(isDone)
        }
        #expect(plain >= 20_000)
    }
}
