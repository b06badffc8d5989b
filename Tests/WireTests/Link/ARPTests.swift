import Memory
import Testing
import Wire

@Suite("ARP (RFC 826)")
struct ARPTests {
    /// 10.7.0.1 at 02:00:00:00:00:01 asks for 10.7.0.2; two bytes of padding.
    let sample = bytes(
        "0001 0800 06 04 0001 020000000001 0a070001 0203040506ff 0a070002 0000")
    let message = ARPMessage(
        operation: .request, senderHardwareAddress: MACAddress(0x0200_0000_0001),
        senderProtocolAddress: IPv4Address(10, 7, 0, 1),
        targetHardwareAddress: MACAddress(0x0203_0405_06FF),
        targetProtocolAddress: IPv4Address(10, 7, 0, 2))

    @Test("fields come from their places")
    func fields() throws {
        let packet = try ARPPacket(sample.span)
        let read = ARPMessage(
            operation: packet.operation, senderHardwareAddress: packet.senderHardwareAddress,
            senderProtocolAddress: packet.senderProtocolAddress,
            targetHardwareAddress: packet.targetHardwareAddress,
            targetProtocolAddress: packet.targetProtocolAddress)
        #expect(read == message)
    }

    @Test("every truncation is refused", arguments: 0..<28)
    func truncated(count: Int) {
        let short = Array(sample.prefix(count))
        #expect(refusal { _ = try ARPPacket(short.span) } == .truncated)
        #expect(refusal { _ = try ARPPacket(short.span, beyond: 28) } == .truncated)
    }

    @Test("28 bytes without padding are enough")
    func exact() {
        let exact = Array(sample.prefix(28))
        #expect(refusal { _ = try ARPPacket(exact.span) } == nil)
    }

    @Test(
        "address lengths other than Ethernet's and IPv4's are refused",
        arguments: [(4, 0), (4, 5), (4, 7), (4, 255), (5, 0), (5, 3), (5, 16), (5, 255)])
    func lengths(offset: Int, value: UInt8) {
        let bytes = sample.with(value, at: offset)
        #expect(refusal { _ = try ARPPacket(bytes.span) } == .lengthMismatch)
    }

    @Test(
        "other kinds of addresses are not handled",
        arguments: [(0, 0), (0, 6), (2, 0), (2, 0x86)] as [(Int, UInt8)])
    func kinds(offset: Int, value: UInt8) {
        let bytes = sample.with(value, 0xDD, at: offset)
        #expect(refusal { _ = try ARPPacket(bytes.span) } == .unsupported)
    }

    @Test("an unknown operation is told, not refused")
    func operations() throws {
        let bytes = sample.with(0x12, 0x34, at: 6)
        let operation = try ARPPacket(bytes.span).operation
        #expect(operation.rawValue == 0x1234)
        #expect([ARPOperation.request, .reply].map(\.rawValue) == [1, 2])
    }

    @Test("the message is written to its 28 bytes and no others")
    func write() {
        let output = written(29) { message.write(to: &$0) }
        #expect(output == Array(sample.prefix(28)) + [0xEE])
    }
}
