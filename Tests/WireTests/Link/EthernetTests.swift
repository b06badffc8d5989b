import Memory
import Testing
import Wire

@Suite("Ethernet (RFC 894)")
struct EthernetTests {
    let sample = bytes("ffffffffffff 020000000001 0806 68656c6c6f")

    @Test("fields come from their places")
    func fields() throws {
        let frame = try EthernetFrame(sample.span)
        let (destination, source, type) = (frame.destination, frame.source, frame.etherType)
        #expect(destination == .broadcast)
        #expect(source == MACAddress(0x0200_0000_0001))
        #expect(type == .arp)
        let (payload, count) = (copy(frame.payload), frame.payloadCount)
        #expect(payload == Array("hello".utf8))
        #expect(count == 5)
    }

    @Test("a runt is refused, however long the rest", arguments: 0..<14)
    func runt(count: Int) {
        let runt = Array(sample.prefix(count))
        #expect(refusal { _ = try EthernetFrame(runt.span) } == .truncated)
        #expect(refusal { _ = try EthernetFrame(runt.span, beyond: 1500) } == .truncated)
    }

    @Test("a header alone has an empty payload")
    func empty() throws {
        let header = Array(sample.prefix(14))
        let frame = try EthernetFrame(header.span)
        let (payload, count) = (copy(frame.payload), frame.payloadCount)
        #expect(payload.isEmpty)
        #expect(count == 0)
    }

    @Test("bytes that lie elsewhere count as payload")
    func beyond() throws {
        let frame = try EthernetFrame(sample.span, beyond: 65_000)
        let (inside, all) = (frame.payload.count, frame.payloadCount)
        #expect((inside, all) == (5, 65_005))
    }

    @Test("a giant frame is read like any other")
    func giant() throws {
        let giant = sample + [UInt8](repeating: 0, count: 100_000)
        let frame = try EthernetFrame(giant.span)
        let count = frame.payloadCount
        #expect(count == 100_005)
    }

    @Test(
        "unknown types and lengths are told, not refused",
        arguments: [(0x0000, true), (0x05FF, true), (0x0600, false), (0xFFFF, false)]
            as [(UInt16, Bool)])
    func types(raw: UInt16, isLength: Bool) throws {
        let bytes = sample.with(UInt8(raw >> 8), UInt8(truncatingIfNeeded: raw), at: 12)
        let frame = try EthernetFrame(bytes.span)
        let type = frame.etherType
        #expect(type == EtherType(rawValue: raw))
        #expect(type.isLength == isLength)
    }

    @Test("types have their numbers (IANA)")
    func numbers() {
        let numbers = [EtherType.ipv4, .arp, .ipv6].map(\.rawValue)
        #expect(numbers == [0x0800, 0x0806, 0x86DD])
    }

    @Test("the header is written to its 14 bytes and no others")
    func write() {
        let header = EthernetHeader(
            destination: .broadcast, source: MACAddress(0x0200_0000_0001), etherType: .arp)
        let output = written(15) { header.write(to: &$0) }
        #expect(output == Array(sample.prefix(14)) + [0xEE])
    }
}
