import Memory
import Testing
import Wire

@Suite("Quoted transport headers (RFC 792)")
struct TransportQuoteTests {
    @Test("ports and sequence number come from the first 8 bytes")
    func fields() throws {
        let quote = try TransportQuote(bytes("1f90 9c40 01020304 ffff").span)
        #expect((quote.sourcePort, quote.destinationPort) == (8080, 40_000))
        #expect(quote.sequence == SequenceNumber(0x0102_0304))
    }

    @Test("less than 8 bytes are refused", arguments: 0..<8)
    func truncated(count: Int) {
        let short = [UInt8](repeating: 1, count: count)
        #expect(refusal { _ = try TransportQuote(short.span) } == .truncated)
    }
}
