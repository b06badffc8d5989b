import Memory
import Testing
import Wire

@testable import Stack

/// Segments that have broken other stacks: dropped and counted, and the connection goes on.
@Suite("Bad segments", .overBothFamilies) struct BadSegmentTests {
    /// A segment with the bytes changed before its checksum is made right.
    private func segment(
        flags: TCPFlags, sequence: UInt32, acknowledgment: UInt32, options: [UInt8] = [],
        changed change: (inout [UInt8]) -> Void = { _ in }
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: TCPHeader.byteCount) + options
        var span = bytes.mutableSpan
        TCPHeader(
            sourcePort: 5000, destinationPort: 80, sequence: SequenceNumber(sequence),
            acknowledgment: SequenceNumber(acknowledgment),
            headerCount: TCPHeader.byteCount + options.count, flags: flags, window: 1000
        ).write(to: &span)
        change(&bytes)
        var sum = InternetChecksum.pseudoHeader(
            source: Script.peerAddress, destination: Script.hostAddress, proto: .tcp,
            length: UInt32(bytes.count))
        sum.add(bytes.span)
        let value = sum.value
        bytes[16] = UInt8(value >> 8)
        bytes[17] = UInt8(value & 255)
        return bytes
    }

    @Test(
        "A data offset below five words or past the segment", arguments: [0, 4, 6, 15] as [UInt8])
    func dataOffset(_ words: UInt8) throws {
        let script = Script()
        _ = try script.listen()
        script.injectIP(
            .tcp, segment(flags: .syn, sequence: 1, acknowledgment: 0) { $0[12] = words << 4 })
        script.expectNothing()
        #expect(script.host.counters[.tcpMalformed] == 1)
    }

    @Test("A segment cut off at any length", arguments: 0..<20)
    func truncated(_ count: Int) throws {
        let script = Script()
        _ = try script.listen()
        script.injectIP(
            .tcp, Array(segment(flags: .syn, sequence: 1, acknowledgment: 0)[..<count]))
        script.expectNothing()
        #expect(script.host.counters[.tcpMalformed] == 1)
    }

    @Test("A checksum that is wrong")
    func checksum() throws {
        let script = Script()
        _ = try script.listen()
        var bytes = segment(flags: .syn, sequence: 1, acknowledgment: 0)
        bytes[7] ^= 1
        script.injectIP(.tcp, bytes)
        script.expectNothing()
        #expect(script.host.counters[.tcpBadChecksum] == 1)
    }

    @Test(
        "Options of length 0, 1, past the end or repeated do not keep a SYN from being answered",
        arguments: [
            [2, 0, 5, 0xB4], [2, 1, 5, 0xB4], [2, 40, 5, 0xB4], [2, 4, 1, 0, 2, 4, 5, 0xB4],
            [3, 3, 255, 0], [8, 2, 0, 0], [254, 0, 0, 0], [1, 1, 1, 8], [0, 2, 4, 0],
        ] as [[UInt8]])
    func options(_ options: [UInt8]) throws {
        let script = Script(TCPConfiguration())
        _ = try script.listen()
        script.peerISS = 1
        script.injectIP(
            .tcp, segment(flags: .syn, sequence: 1, acknowledgment: 0, options: options))
        script.expect("S. 0 ack 1")
        script.inject(". 1 ack 1 win 1000")
        script.expectNothing()
        #expect(script.host.counters[.tcpEstablished] == 1)
    }

    @Test("A window scale above 14 counts as 14 (RFC 7323 §2.3)")
    func windowScale() throws {
        let script = Script(TCPConfiguration())
        let listener = try script.listen()
        script.peerISS = 1
        script.injectIP(
            .tcp,
            segment(
                flags: .syn, sequence: 1, acknowledgment: 0,
                options: [2, 4, 3, 0xE8, 3, 3, 255, 1]))
        script.expect("S. 0 ack 1 <mss 1460,wscale 5>")
        script.inject(". 1 ack 1 win 1")
        let endpoint = try script.host.accept(listener)
        try script.send(endpoint, 20_000)
        #expect(script.skipSent() == 10)
    }

    @Test("Acknowledgments that come before the bytes they acknowledge gain nothing (optimistic)")
    func optimistic() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        try script.send(endpoint, 30_000)
        #expect(script.skipSent() == 10)
        script.inject(". 1 ack 20001")
        script.wait(.milliseconds(1))
        #expect(script.skipSent() == 1)
        #expect(script.host.counters[.tcpUnacceptableAck] == 1)
    }

    @Test("An acknowledgment cut into many opens the window no further than one (RFC 3465 §2.3)")
    func ackDivision() throws {
        var sent: [Int] = []
        for step in [1000, 10] {
            let script = Script()
            let endpoint = try script.accept("<mss 1000>")
            try script.send(endpoint, 60_000)
            script.skipSent()
            for ack in stride(from: 1 + step, through: 4001, by: step) {
                script.inject(". 1 ack \(ack)")
            }
            sent.append(script.skipSent())
        }
        #expect(sent[0] == sent[1])
    }

    @Test("Initial sequence numbers of 10,000 connections tell nothing of the next (RFC 6528)")
    func initialNumbers() throws {
        let script = Script()
        _ = try script.listen(80, backlog: 4)
        var seen: [UInt32] = []
        for port in 1000..<11_000 as Range<UInt16> {
            script.peerPort = port
            script.inject("S 0")
            seen.append(script.hostISS)
            script.inject("R 1")
        }
        script.skipSent()
        let steps = zip(seen, seen.dropFirst()).map { $1 &- $0 }
        // No two alike in sequence, and as many steps in each sixteenth of the circle as chance
        // would have: 625, give or take five standard deviations.
        #expect(Set(seen).count > 9_980)
        for sixteenth in 0..<16 as Range<UInt32> {
            let count = steps.filter { $0 >> 28 == sixteenth }.count
            #expect(abs(count - 625) < 125)
        }
    }

    @Test("A flood of acknowledgments and resets for connections that are not there stays counted")
    func flood() throws {
        let script = Script()
        _ = try script.listen()
        for number in 0..<1000 {
            script.inject(number % 2 == 0 ? ". \(number) ack 1" : "R \(number)")
        }
        #expect(script.skipSent() == 500)
        #expect(script.isClean)
    }
}
