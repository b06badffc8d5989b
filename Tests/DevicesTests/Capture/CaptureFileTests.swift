import Devices
import Glibc
import Memory
import Stack
import Testing
import Wire

/// A capture as pcap-savefile(5) describes it, on a little-endian machine.
struct SavedCapture {
    struct Record: Equatable {
        var nanoseconds: UInt64
        var length: Int
        var bytes: [UInt8]
    }

    var magic: UInt32
    var linkType: UInt32
    var records: [Record] = []

    /// Nil when the file is cut off.
    init?(_ bytes: [UInt8]) {
        func number(_ place: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << (8 * UInt32($1)) }
        }
        guard bytes.count >= 24 else { return nil }
        magic = number(0)
        linkType = number(20)
        var place = 24
        while place < bytes.count {
            guard place + 16 <= bytes.count else { return nil }
            let count = Int(number(place + 8))
            guard place + 16 + count <= bytes.count else { return nil }
            records.append(
                Record(
                    nanoseconds: UInt64(number(place)) * 1_000_000_000
                        + UInt64(number(place + 4)), length: Int(number(place + 12)),
                    bytes: Array(bytes[place + 16..<place + 16 + count])))
            place += 16 + count
        }
    }
}

@Suite("Capture files")
struct CaptureFileTests {
    let pools = BufferPools(.init(frames: 64, controls: 16, chunks: 64))
    let path = Path(
        sourceHardware: MACAddress(2, 0, 0, 0, 0, 1),
        destinationHardware: MACAddress(2, 0, 0, 0, 0, 2),
        source: SocketAddress(address: .v4(10, 0, 0, 1), port: 8000),
        destination: SocketAddress(address: .v4(10, 0, 0, 2), port: 8001))

    static var hasTshark: Bool {
        let isThere = shell("tshark --version") != nil
        if !isThere { print("Skipping tests of captures by tshark: it is not installed") }
        return isThere
    }

    private func merged(_ count: Int) throws -> Packet {
        let frame = path.segment(
            [.ack, .psh], sequence: SequenceNumber(5), acknowledgment: SequenceNumber(6),
            pattern(count), .partial)
        return try makePacket(
            frame, headCount: 54, from: pools, metadata: path.partial(.tcp, segmentSize: 1448))
    }

    @Test("A packet is written with the time of day in nanoseconds", arguments: [true, false])
    func wallClock(isEthernet: Bool) throws {
        let file = ScratchFile("pcap")
        let capture = try CaptureFile(
            path: file.path, linkType: isEthernet ? .ethernet : .rawIP)
        let before = WallClock.now()
        capture.record(try makePacket(pattern(300), headCount: 100, from: pools))
        let after = WallClock.now()
        #expect(capture.close() == nil)
        let saved = try #require(SavedCapture(file.contents))
        #expect(saved.magic == 0xA1B2_3C4D, "nanoseconds")
        #expect(saved.linkType == (isEthernet ? 1 : 101), "LINKTYPE_ETHERNET, LINKTYPE_RAW")
        #expect(saved.records.count == 1)
        #expect(saved.records[0].bytes == pattern(300))
        #expect(saved.records[0].length == 300)
        let time = saved.records[0].nanoseconds
        #expect(time >= UInt64(before.seconds) * 1_000_000_000 + UInt64(before.nanoseconds))
        #expect(time <= UInt64(after.seconds) * 1_000_000_000 + UInt64(after.nanoseconds))
    }

    @Test("Bytes are written with a time of the caller's")
    func simulatedTime() throws {
        let file = ScratchFile("pcap")
        let capture = try CaptureFile(path: file.path, linkType: .rawIP)
        capture.record([1, 2, 3].span, at: Instant(nanoseconds: 1_000_000_001))
        capture.record(
            try makePacket([4], from: pools), at: Instant(nanoseconds: 86_400_999_999_999))
        #expect(capture.close() == nil)
        let saved = try #require(SavedCapture(file.contents))
        #expect(
            saved.records == [
                .init(nanoseconds: 1_000_000_001, length: 3, bytes: [1, 2, 3]),
                .init(nanoseconds: 86_400_999_999_999, length: 1, bytes: [4]),
            ])
    }

    @Test("A merged packet is written as the segments that a wire would carry")
    func merged() throws {
        let file = ScratchFile("pcap")
        let capture = try CaptureFile(path: file.path, linkType: .ethernet)
        let packet = try merged(60_000)
        let before = bytes(of: packet)
        capture.record(packet)
        #expect(bytes(of: packet) == before && packet.metadata.segmentSize == 1448)
        #expect(capture.close() == nil)
        #expect(capture.missed == 0)
        let saved = try #require(SavedCapture(file.contents))
        #expect(saved.records.count == 42)
        var payload: [UInt8] = []
        for record in saved.records {
            let segment = try #require(SegmentFacts(record.bytes))
            #expect(segment.checksumIsValid)
            #expect(segment.sequence == SequenceNumber(5) + UInt32(payload.count))
            payload += segment.payload
        }
        #expect(payload == pattern(60_000))
    }

    @Test("A partial checksum is completed in the file and left in the packet")
    func partial() throws {
        let file = ScratchFile("pcap")
        let capture = try CaptureFile(path: file.path, linkType: .ethernet)
        let packet = try makePacket(
            path.datagram(pattern(500), .partial), headCount: 60, from: pools,
            metadata: path.partial(.udp))
        capture.record(packet)
        #expect(bytes(of: packet) == path.datagram(pattern(500), .partial))
        #expect(capture.close() == nil)
        let saved = try #require(SavedCapture(file.contents))
        #expect(saved.records.map(\.bytes) == [path.datagram(pattern(500))])
    }

    @Test(
        "tshark finds every packet well-formed and every checksum good",
        .enabled(if: Self.hasTshark, "needs tshark"))
    func tshark() throws {
        let file = ScratchFile("pcap")
        let capture = try CaptureFile(path: file.path, linkType: .ethernet)
        capture.record(try merged(20_000))
        capture.record(
            try makePacket(
                path.datagram(pattern(500), .partial), headCount: 60, from: pools,
                metadata: path.partial(.udp)))
        capture.record(try makePacket(path.reversed.datagram(pattern(5)), from: pools))
        #expect(capture.close() == nil)
        // Nobody's preferences are to decide this.
        let output = shell(
            "HOME=/nonexistent tshark -r \(file.path) -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE "
                + "-o ip.check_checksum:TRUE -T fields -e frame.number -e ip.checksum.status "
                + "-e tcp.checksum.status -e udp.checksum.status -e _ws.malformed "
                + "2>/dev/null")
        let lines = try #require(output).split(separator: "\n")
        #expect(lines.count == 16)
        for (number, line) in lines.enumerated() {
            // A status of 1 is good.
            let isUDP = number >= 14
            #expect(line == (isUDP ? "\(number + 1)\t1\t\t1\t" : "\(number + 1)\t1\t1\t\t"))
        }
    }

    @Test("What was recorded can be read along after a flush")
    func flush() throws {
        let file = ScratchFile("pcap")
        let capture = try CaptureFile(path: file.path, linkType: .ethernet)
        capture.record([1].span, at: .zero)
        capture.flush()
        #expect(SavedCapture(file.contents)?.records.count == 1)
        capture.record([2].span, at: .zero)
        capture.flush()
        #expect(SavedCapture(file.contents)?.records.count == 2)
    }

    @Test("After its end a capture stays as it is")
    func closed() throws {
        let file = ScratchFile("pcap")
        let capture = try CaptureFile(path: file.path, linkType: .ethernet)
        capture.record([1].span, at: .zero)
        #expect(capture.close() == nil)
        capture.record([2].span, at: .zero)
        capture.flush()
        #expect(capture.close() == nil)
        #expect(SavedCapture(file.contents)?.records.count == 1)
    }

    @Test("A capture that nobody closed is whole when it goes")
    func dropped() throws {
        let file = ScratchFile("pcap")
        do {
            let capture = try CaptureFile(path: file.path, linkType: .ethernet)
            capture.record([1].span, at: .zero)
        }
        #expect(SavedCapture(file.contents)?.records.count == 1)
    }

    @Test("A file that cannot be opened is told of")
    func badPath() {
        let error = #expect(throws: DeviceError.self) {
            _ = try CaptureFile(path: "/nowhere/x.pcap", linkType: .ethernet)
        }
        #expect(error?.code == ENOENT)
        #expect(
            error?.description
                == "cannot write capture file /nowhere/x.pcap: No such file or directory")
    }

    @Test(
        "A full disk ends the capture, and its end says so",
        .enabled(if: unsafe access("/dev/full", W_OK) == 0, "needs /dev/full"))
    func fullDisk() throws {
        let capture = try CaptureFile(path: "/dev/full", linkType: .ethernet)
        for _ in 0..<100 { capture.record(pattern(1000).span, at: .zero) }
        #expect(capture.close()?.code == ENOSPC)
        #expect(capture.missed > 50)
    }

    @Test("Threads that record together write whole records, all of them")
    func threads() throws {
        let file = ScratchFile("pcap")
        let capture = try CaptureFile(path: file.path, linkType: .ethernet)
        let workers = try (0..<4).map { (thread: UInt8) in
            try Worker {
                for number in 0..<2_000 {
                    capture.record(
                        [UInt8](repeating: thread, count: 1 + number % 100).span, at: .zero)
                }
            }
        }
        for worker in workers { #expect(worker.ends()) }
        #expect(capture.close() == nil)
        let saved = try #require(SavedCapture(file.contents))
        #expect(saved.records.count == 8_000)
        #expect(saved.records.allSatisfy { Set($0.bytes).count == 1 })
    }
}
