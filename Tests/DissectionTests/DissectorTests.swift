import Dissection
import Memory
import Testing

@Suite("Dissector")
struct DissectorTests {
    let pools = BufferPools(.init(frames: 8, controls: 8, chunks: 8))

    /// A request to port 80, behind an IP header only.
    private func request(_ text: String) -> [UInt8] {
        let payload = Array(text.utf8)
        let count = UInt16(40 + payload.count)
        var bytes: [UInt8] = [
            0x45, 0, UInt8(count >> 8), UInt8(count & 0xFF), 0, 0, 0, 0, 64, 6, 0, 0,
        ]
        bytes += [10, 7, 0, 1, 10, 7, 0, 2, 0xC3, 0x50, 0, 80, 0, 0, 0, 9, 0, 0, 0, 5]
        bytes += [0x50, 0x18, 1, 0, 0, 0, 0, 0]
        return bytes + payload
    }

    @Test("a packet whose payload stands in slices reads like a contiguous one")
    func slices() throws {
        let bytes = request("GET /" + String(repeating: "a", count: 1500) + " HTTP/1.1\r\n\r\n")
        var dissector = Dissector(.ip)
        let expected = dissector.line(bytes.span)
        #expect(expected.hasSuffix("a HTTP/1.1"))
        for headCount in [0, 40, 43, 1000] {
            guard var packet = pools.frame(headroom: 0) else { throw OutOfMemory() }
            packet.append(bytes.span.extracting(first: headCount))
            let rest = bytes.span.extracting(droppingFirst: headCount)
            var queue = pools.queue()
            let taken = queue.append(rest)
            let attached = queue.attach(to: &packet, from: 0, count: taken)
            #expect(attached == rest.count)
            var dissector = Dissector(.ip)
            let line = dissector.line(packet)
            #expect(line == expected)
        }
    }

    @Test("a merged packet of 60 KB shows its whole length")
    func merged() throws {
        let bytes = request(String(repeating: "a", count: 60_000))
        guard var packet = pools.frame(headroom: 0) else { throw OutOfMemory() }
        packet.append(bytes.span.extracting(first: 40))
        var queue = pools.queue()
        let taken = queue.append(bytes.span.extracting(droppingFirst: 40))
        let attached = queue.attach(to: &packet, from: 0, count: taken)
        #expect(attached == 60_000)
        var dissector = Dissector(.ip)
        let line = dissector.line(packet)
        let numbers = "seq 9:60009, ack 5, win 256, length 60000: HTTP"
        #expect(line == "IP 10.7.0.1.50000 > 10.7.0.2.80: Flags [P.], " + numbers)
    }

    @Test("a time of day has microseconds, cut off and not rounded")
    func time() {
        #expect(Dissector.time(nanoseconds: 0) == "00:00:00.000000")
        #expect(Dissector.time(nanoseconds: 45_296_789_012_999) == "12:34:56.789012")
        #expect(Dissector.time(nanoseconds: 86_400_000_000_000 * 3 + 1_000) == "00:00:00.000001")
        #expect(Dissector.time(nanoseconds: -1) == "23:59:59.999999")
        #expect(
            Dissector.time(nanoseconds: .min)
                == Dissector.time(nanoseconds: .min % 86_400_000_000_000))
    }
}

struct OutOfMemory: Error {}
