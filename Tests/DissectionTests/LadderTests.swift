import Dissection
import Memory
import Testing
import Wire

@Suite("Ladder")
struct LadderTests {
    let left = SocketAddress(address: .v4(10, 7, 0, 1), port: 40000)
    let right = SocketAddress(address: .v4(10, 7, 0, 2), port: 80)

    private func ladder() -> Ladder { Ladder(.ip, left: left, right: right) }

    /// A segment behind an IPv4 header, with `count` bytes of payload.
    private func segment(
        rightward: Bool, _ flags: TCPFlags, seq: UInt32, ack: UInt32 = 0, count: Int = 0
    ) -> [UInt8] {
        let total = UInt16(40 + count)
        var bytes: [UInt8] = [0x45, 0, UInt8(total >> 8), UInt8(total & 0xFF), 0, 0, 0, 0]
        bytes += [64, 6, 0, 0] + [10, 7, 0, rightward ? 1 : 2, 10, 7, 0, rightward ? 2 : 1]
        bytes += rightward ? [0x9C, 0x40, 0, 80] : [0, 80, 0x9C, 0x40]
        for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(seq >> shift & 0xFF)) }
        for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(ack >> shift & 0xFF)) }
        return bytes + [0x50, flags.rawValue, 1, 0, 0, 0, 0, 0] + Array(repeating: 0, count: count)
    }

    @Test("a conversation reads as in a textbook: handshake, data, a loss, close")
    func conversation() {
        var ladder = ladder()
        var lines = [ladder.heading]
        func step(
            _ bytes: [UInt8], at time: Int64, _ leftState: String = "", _ rightState: String = "",
            lost: Bool = false
        ) {
            let rung = ladder.rung(
                bytes.span, at: time, leftState: leftState, rightState: rightState, isLost: lost)
            lines.append(rung ?? "nil")
        }
        step(segment(rightward: true, .syn, seq: 0xFFFF_FFFF), at: 0, "SYN-SENT", "SYN-RECEIVED")
        step(
            segment(rightward: false, [.syn, .ack], seq: 5000, ack: 0), at: 40_112_999,
            "ESTABLISHED", "SYN-RECEIVED")
        step(segment(rightward: true, .ack, seq: 0, ack: 5001), at: 80_000_000, "", "ESTABLISHED")
        step(
            segment(rightward: true, [.psh, .ack], seq: 0, ack: 5001, count: 77), at: 80_100_000,
            lost: true)
        step(
            segment(rightward: false, [.psh, .ack], seq: 5001, ack: 0, count: 9), at: 80_200_000,
            lost: true)
        step(
            segment(rightward: false, [.fin, .ack], seq: 5001, ack: 77), at: 12_345_678_901,
            "CLOSE-WAIT", "FIN-WAIT-1")
        #expect(
            lines == [
                "        time  10.7.0.1:40000                                                       10.7.0.2:80",
                "    0.000 ms  SYN-SENT      |--- SYN  seq 0 ------------------------------------>|  SYN-RECEIVED",
                "   40.112 ms  ESTABLISHED   |<--- SYN ACK  seq 0  ack 1 -------------------------|  SYN-RECEIVED",
                "   80.000 ms                |--- ACK  seq 1  ack 1 ----------------------------->|  ESTABLISHED",
                "   80.100 ms                |--- PSH ACK  seq 1  ack 1  len 77 -------X          |",
                "   80.200 ms                |          X--- PSH ACK  seq 1  ack 1  len 9 --------|",
                "12345.678 ms  CLOSE-WAIT    |<--- FIN ACK  seq 1  ack 78 ------------------------|  FIN-WAIT-1",
            ])
    }

    @Test("without a handshake numbers count from 1, a new SYN begins anew")
    func bases() {
        var ladder = ladder()
        let data = segment(rightward: true, .ack, seq: 700, ack: 900, count: 3)
        let first = ladder.rung(data.span, at: 0)
        #expect(first?.contains("ACK  seq 1  ack 1  len 3") == true)
        let back = segment(rightward: false, .ack, seq: 905, ack: 703)
        let second = ladder.rung(back.span, at: 0)
        #expect(second?.contains("ACK  seq 6  ack 4 ") == true)
        let syn = segment(rightward: true, .syn, seq: 1_000_000)
        let third = ladder.rung(syn.span, at: 0)
        #expect(third?.contains("SYN  seq 0 ") == true)
    }

    @Test("of a capture it shows the one conversation, in Ethernet frames and in packets alike")
    func capture() throws {
        // curl's second request, which is answered with 404.
        let client = SocketAddress(address: .v4(10, 7, 0, 1), port: 50886)
        var ladder = Ladder(.ethernet, left: client, right: right)
        var ladderOfPackets = ladder
        let pools = BufferPools(.init(frames: 2, controls: 1, chunks: 1))
        var rungs: [String] = []
        for recording in Recording.all(in: capturedRecordings) where recording.beyond == 0 {
            guard let rung = ladder.rung(recording.frame.span, at: 0) else { continue }
            rungs.append(rung)
            guard var packet = pools.frame(headroom: 0) else { throw OutOfMemory() }
            packet.append(recording.frame.span)
            let same = ladderOfPackets.rung(packet, at: 0)
            #expect(same == rung)
        }
        let expected = [
            "|--- SYN  seq 0 -", "|<--- SYN ACK  seq 0  ack 1 -", "|--- ACK  seq 1  ack 1 -",
            "|<--- ACK  seq 1  ack 77 -", "|--- ACK  seq 77  ack 186 -",
            "|--- ACK  seq 77  ack 521 -", "|<--- FIN ACK  seq 521  ack 77 -",
            "|--- FIN ACK  seq 77  ack 522 -", "|<--- ACK  seq 522  ack 78 -",
        ]
        #expect(rungs.count == expected.count)
        for (rung, part) in zip(rungs, expected) { #expect(rung.contains(part)) }
    }

    @Test("IPv6 and every flag are shown")
    func ipv6() throws {
        let left = try #require(SocketAddress("[fd00::1]:40000"))
        let right = try #require(SocketAddress("[fd00::2]:80"))
        var bytes: [UInt8] = [0x60, 0, 0, 0, 0, 20, 6, 64]
        for host: UInt8 in [1, 2] { bytes += [0xFD] + Array(repeating: 0, count: 14) + [host] }
        bytes += [0x9C, 0x40, 0, 80, 0, 0, 0, 7, 0, 0, 0, 9, 0x50, 0xFF, 1, 0, 0, 0, 0, 0]
        var ladder = Ladder(.ip, left: left, right: right)
        let all = ladder.rung(bytes.span, at: 0)
        #expect(all?.contains("|--- SYN FIN RST PSH ACK URG ECE CWR  seq 0  ack 1 ---") == true)
        bytes[53] = 0
        let none = ladder.rung(bytes.span, at: -1_500)
        #expect(none?.contains("-0.001 ms") == true && none?.contains("none  seq 0 ") == true)
    }

    @Test("what is no segment between the two ends has no rung")
    func others() {
        var ladder = ladder()
        let good = segment(rightward: true, .ack, seq: 1)
        var otherPort = good
        otherPort[21] = 1
        var udp = good
        udp[9] = 17
        var fragment = good
        fragment[7] = 1
        for bytes in [otherPort, udp, fragment, Array(good.prefix(39)), []] {
            let rung = ladder.rung(bytes.span, at: 0)
            #expect(rung == nil)
        }
        let rung = ladder.rung(good.span, at: 0)
        #expect(rung != nil)
    }
}
