import Memory
import Testing
import Wire

@Suite("MLD (RFC 2710, RFC 9777)")
struct MLDTests {
    /// A query for one source of ff35::8000:1, answers within 32,776 ms, QRV 2, QQIC 136.
    let query = bytes(
        """
        82 00 0000 8001 0000 ff350000 00000000 00000000 80000001
        02 81 0001 20010db8 00000000 00000000 00000007
        """)
    let group = IPv6Address(high: 0xFF35_0000_0000_0000, low: 0x8000_0001)

    @Test("a query of version 2 has robustness, interval and sources (§5.1)")
    func queryV2() throws {
        let view = try MLDQuery(query.span)
        let (version, delay, seen) = (view.version, view.maximumResponseDelay, view.group)
        #expect(version == 2 && delay == 32776 && seen == group)
        let (robustness, interval, suppresses) = (
            view.robustness, view.queryInterval, view.suppressesRouterProcessing
        )
        #expect(robustness == 2 && interval == 136 && !suppresses)
        let (count, source) = (view.sources.count, view.sources[0])
        #expect(count == 1 && source == IPAddress(high: 0x2001_0DB8_0000_0000, low: 7))
        let message = try MLDMessage(query.span)
        let (type, about) = (message.type, message.group)
        #expect(type == .multicastListenerQuery && about == group)
    }

    @Test("a query of 24 bytes is of version 1, whose delay is no code (§8.1)")
    func queryV1() throws {
        let short = Array(query.prefix(24))
        let view = try MLDQuery(short.span)
        let (version, delay, sources) = (
            view.version, view.maximumResponseDelay, view.sources.count
        )
        #expect(version == 1 && delay == 0x8001 && sources == 0)
        let (robustness, interval, suppresses) = (
            view.robustness, view.queryInterval, view.suppressesRouterProcessing
        )
        #expect(robustness == 0 && interval == 0 && !suppresses)
    }

    @Test("a query is refused at every length that no version has (§8.1)", arguments: 0..<44)
    func truncated(count: Int) {
        let short = Array(query.prefix(count))
        let expected: WireError? =
            count < 24
            ? .truncated : count == 24 ? nil : count < 28 ? .badVersion : .lengthMismatch
        #expect(refusal { _ = try MLDQuery(short.span) } == expected)
        #expect(refusal { _ = try MLDMessage(short.span) } == (count < 24 ? .truncated : nil))
    }

    @Test("a number of sources that reaches past the end is refused", arguments: [2, 65535])
    func tooManySources(count: Int) {
        let wrong = query.with(UInt8(count >> 8), UInt8(count & 0xFF), at: 26)
        #expect(refusal { _ = try MLDQuery(wrong.span) } == .lengthMismatch)
    }

    @Test("messages are written as they are read, without a checksum")
    func write() {
        let output = written(45) { bytes in
            bytes.write(IPAddress(high: 0x2001_0DB8_0000_0000, low: 7), at: 28)
            MLDQueryHeader(
                maximumResponseDelay: 32780, group: group, robustness: 2, queryInterval: 140,
                sourceCount: 1
            ).write(to: &bytes)
        }
        #expect(output == query + [0xEE])
        let done = written(24) { bytes in
            MLDHeader(type: .multicastListenerDone, group: group).write(to: &bytes)
        }
        #expect(done == bytes("84000000 00000000 ff350000 00000000 00000000 80000001"))
    }
}
