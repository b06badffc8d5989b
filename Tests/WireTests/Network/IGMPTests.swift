import Memory
import Testing
import Wire

@Suite("IGMP (RFC 1112, RFC 2236, RFC 9776)")
struct IGMPTests {
    /// A query for two sources of 232.1.2.3, answers within 12.8 s, QRV 3, S, QQIC 125.
    let query = bytes("11 80 74f7 e8010203 0b 7d 0002 c0000201 c0000202")

    @Test("fields come from their places")
    func fields() throws {
        let message = try IGMPMessage(query.span)
        let (type, code, checksum, group) = (
            message.type, message.code, message.checksum, message.group
        )
        #expect(type == .query && code == 0x80 && checksum == 0x74F7)
        #expect(group == IPv4Address(232, 1, 2, 3))
        let isValid = message.checksumIsValid
        #expect(isValid)
        let wrong = try IGMPMessage(Array(query.with(0, at: 19)).span).checksumIsValid
        #expect(!wrong)
    }

    @Test("a query of version 3 has robustness, interval, flag and sources (§4.1)")
    func queryV3() throws {
        let view = try IGMPQuery(query.span)
        let (version, time, group) = (view.version, view.maximumResponseTime, view.group)
        #expect(version == 3 && time == 128 && group == IPv4Address(232, 1, 2, 3))
        let (robustness, interval, suppresses) = (
            view.robustness, view.queryInterval, view.suppressesRouterProcessing
        )
        #expect(robustness == 3 && interval == 125 && suppresses)
        let (count, first, second) = (view.sources.count, view.sources[0], view.sources[1])
        #expect(count == 2 && first == .v4(192, 0, 2, 1) && second == .v4(192, 0, 2, 2))
    }

    @Test(
        "length and code tell the version of a query (§7.1)",
        arguments: [
            ("11 00 eeff 00000000", 1, 100), ("11 64 ee9b 00000000", 2, 100),
            ("11 05 eefa 00000000", 2, 5), ("11 64 ec1e 00000000 02 7d 0000", 3, 100),
        ] as [(String, UInt8, UInt32)])
    func versions(text: String, version: UInt8, time: UInt32) throws {
        let message = bytes(text)
        let view = try IGMPQuery(message.span)
        let (seen, response, sources) = (
            view.version, view.maximumResponseTime, view.sources.count
        )
        #expect(seen == version && response == time && sources == 0)
        let isValid = try IGMPMessage(message.span).checksumIsValid
        #expect(isValid)
        let (robustness, interval, suppresses) = (
            view.robustness, view.queryInterval, view.suppressesRouterProcessing
        )
        #expect(version == 3 || robustness == 0 && interval == 0 && !suppresses)
    }

    @Test("a query is refused at every length that no version has (§7.1)", arguments: 0..<20)
    func truncated(count: Int) {
        let short = Array(query.prefix(count))
        let expected: WireError? =
            count < 8 ? .truncated : count == 8 ? nil : count < 12 ? .badVersion : .lengthMismatch
        #expect(refusal { _ = try IGMPQuery(short.span) } == expected)
        #expect(refusal { _ = try IGMPMessage(short.span) } == (count < 8 ? .truncated : nil))
    }

    @Test("what follows the sources is not theirs (§4.1.10)")
    func additionalData() throws {
        let longer = query + [1, 2, 3, 4, 5, 6, 7, 8]
        let count = try IGMPQuery(longer.span).sources.count
        #expect(count == 2)
    }

    @Test("a number of sources that reaches past the end is refused", arguments: [3, 255, 65535])
    func tooManySources(count: Int) {
        let wrong = query.with(UInt8(count >> 8), UInt8(count & 0xFF), at: 10)
        #expect(refusal { _ = try IGMPQuery(wrong.span) } == .lengthMismatch)
    }

    @Test("a query is written as it is read")
    func writeQuery() throws {
        let output = written(20) { bytes in
            bytes.write(IPv4Address(192, 0, 2, 1), at: 12)
            bytes.write(IPv4Address(192, 0, 2, 2), at: 16)
            IGMPQueryHeader(
                maximumResponseTime: 135, group: IPv4Address(232, 1, 2, 3),
                suppressesRouterProcessing: true, robustness: 3, sourceCount: 2
            ).write(toMessage: &bytes)
        }
        #expect(output[..<2] == query[..<2] && output[4...] == query[4...])
        #expect(referenceChecksum(output) == 0)
    }

    @Test(
        "messages of versions 1 and 2 are eight bytes",
        arguments: [
            (.reportV1, "12 00 09fb e2010203"), (.reportV2, "16 00 05fb e2010203"),
            (.leave, "17 00 04fb e2010203"),
        ] as [(IGMPType, String)])
    func older(type: IGMPType, expected: String) {
        let output = written(8) { message in
            IGMPHeader(type: type, group: IPv4Address(226, 1, 2, 3)).write(toMessage: &message)
        }
        #expect(output == bytes(expected))
    }
}
