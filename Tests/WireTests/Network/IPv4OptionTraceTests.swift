import Memory
import Testing
import Wire

@Suite("Record route and timestamp (RFC 791 §3.1, RFC 781)")
struct IPv4OptionTraceTests {
    private let trace = IPv4OptionTrace(
        address: IPv4Address(10, 7, 0, 2), time: 0x0102_0304)

    /// The options after a host has left its trace.
    private func after(_ text: String, isPrespecified: Bool = false) -> [UInt8] {
        var options = bytes(text)
        var trace = trace
        trace.isPrespecified = isPrespecified
        let read = IPv4Options(options.span)
        var span = options.mutableSpan
        trace.leave(in: &span, read)
        return options
    }

    @Test("a host records its address where the pointer is")
    func recordRoute() {
        #expect(after("07 07 04 00000000 00") == bytes("07 07 08 0a070002 00"))
        #expect(
            after("01 07 0b 08 c0000201 00000000") == bytes("01 07 0b 0c c0000201 0a070002"))
    }

    @Test("a full record route passes unchanged")
    func recordRouteFull() {
        #expect(after("07 07 08 c0000201 00") == bytes("07 07 08 c0000201 00"))
        #expect(after("07 03 04 00") == bytes("07 03 04 00"))
    }

    @Test("a host leaves its time, with its address if that is asked for")
    func timestamp() {
        #expect(after("44 0c 05 00 00000000 00000000") == bytes("44 0c 09 00 01020304 00000000"))
        #expect(after("44 0c 05 01 00000000 00000000") == bytes("44 0c 0d 01 0a070002 01020304"))
    }

    @Test("only the host that is named leaves its time")
    func prespecified() {
        let asked = "44 14 05 03 0a070002 00000000 0a070003 00000000"
        #expect(IPv4Options(bytes(asked).span).prespecified == IPv4Address(10, 7, 0, 2))
        #expect(after(asked) == bytes(asked))
        #expect(
            after(asked, isPrespecified: true)
                == bytes("44 14 0d 03 0a070002 01020304 0a070003 00000000"))
    }

    @Test("hosts that find no room are counted, up to fifteen")
    func overflow() {
        #expect(after("44 08 09 00 00000001") == bytes("44 08 09 10 00000001"))
        #expect(after("44 08 09 e0 00000001") == bytes("44 08 09 f0 00000001"))
        #expect(after("44 08 09 f0 00000001") == bytes("44 08 09 f0 00000001"))
        #expect(IPv4Options(bytes("44 08 09 f0 00000001").span).malformedOffset == 23)
        // All that were named have answered: nobody is missing.
        #expect(after("44 0c 0d 03 0a070002 01020304") == bytes("44 0c 0d 03 0a070002 01020304"))
        #expect(IPv4Options(bytes("44 0c 0d f3 0a070002 01020304").span).malformedOffset == nil)
    }

    @Test(
        "what is wrong inside an option is told by its place (RFC 1122 §3.2.2.5)",
        arguments: [
            ("07 02", 21), ("07 07 03 00000000", 22), ("07 07 00 00000000", 22),
            ("07 07 05 00000000", 22), ("07 07 07 00000000", 22),
            ("07 07 04 00000000 07 07 04 00000000", 27),
            ("44 03 05", 21), ("44 08 04 00 00000000", 22), ("44 08 06 00 00000000", 22),
            ("44 08 05 01 00000000", 22), ("44 08 05 03 00000000", 22),
            ("44 08 05 02 00000000", 23), ("44 08 05 00 00000000 44 08 05 00 00000000", 28),
            ("94 03 00", 21),
        ] as [(String, UInt8)])
    func malformed(text: String, offset: UInt8) {
        #expect(IPv4Options(bytes(text).span).malformedOffset == offset)
        #expect(after(text) == bytes(text))
    }

    @Test("a full option's pointer may be anywhere behind its end")
    func pointerBehind() {
        #expect(IPv4Options(bytes("07 07 ff 00000000").span).malformedOffset == nil)
        #expect(after("07 07 ff 00000000") == bytes("07 07 ff 00000000"))
        #expect(after("44 08 ff 00 00000000") == bytes("44 08 ff 10 00000000"))
    }

    @Test("a clock that nobody has set says so")
    func unsynchronized() {
        #expect(IPv4OptionTrace.unsynchronized(milliseconds: 5) == 0x8000_0005)
        #expect(IPv4OptionTrace.unsynchronized(milliseconds: -1) == 0xFFFF_FFFF)
    }

    @Test("a header is summed up again")
    func header() throws {
        var packet = written(32) {
            IPv4Header(
                totalCount: 32, proto: .udp, source: IPv4Address(192, 0, 2, 1),
                destination: IPv4Address(10, 7, 0, 3)
            ).write(to: &$0, options: bytes("07 0b 04 00000000 00000000").span)
        }
        let options = IPv4Options(Array(packet[20...]).span)
        var span = packet.mutableSpan
        trace.leave(inPacket: &span, headerCount: 32, options)
        #expect(Array(packet[20...]) == bytes("07 0b 08 0a070002 00000000 00"))
        let view = try IPv4Packet(packet.span)
        let isValid = view.checksumIsValid
        #expect(isValid)
    }

    // MARK: - Lists

    @Test(
        "an echo reply returns the route and the times, with the answering host's (RFC 1122 §3.2.2.6)"
    )
    func answering() {
        let request = bytes(
            "94040000 83 07 04 c0000209 07 0b 08 c0000201 00000000 44 08 05 00 00000000 00")
        let list = IPv4OptionList(answering: request.span, leaving: trace)
        #expect(
            copy(list.span) == bytes("07 0b 0c c0000201 0a070002 44 08 09 00 01020304"))
        #expect(IPv4OptionList(answering: bytes("94040000").span, leaving: trace).isEmpty)
        #expect(IPv4OptionList(answering: bytes("07070100000000").span, leaving: trace).isEmpty)
    }

    @Test("later fragments carry the options whose flag says so (RFC 791 §3.1)")
    func copied() {
        let list = IPv4OptionList(
            copiedFrom: bytes("01 94040000 07 07 04 00000000 82 04 0102 44 04 05 00 00").span)
        #expect(copy(list.span) == bytes("94040000 82040102"))
        #expect(IPv4OptionList(copiedFrom: bytes("8304").span).isEmpty)
    }

    @Test("options are asked for as far as they fit forty bytes")
    func asking() {
        var list = IPv4OptionList()
        let alert = list.appendRouterAlert()
        let route = list.appendRecordRoute(slots: 3)
        let times = list.appendTimestamp(.timesOnly, slots: 2)
        #expect(alert && route && times)
        #expect(
            copy(list.span)
                == bytes("94040000 07 0f 04") + [UInt8](repeating: 0, count: 12)
                + bytes("44 0c 05 00") + [UInt8](repeating: 0, count: 8))
        let tooMuch = list.appendTimestamp(.addressesAndTimes, slots: 1)
        let nothing = list.appendRecordRoute(slots: 0)
        let tooLong = list.append([UInt8](repeating: 1, count: 10).span)
        let fits = list.append([UInt8](repeating: 1, count: 9).span)
        #expect(!tooMuch && !nothing && !tooLong && fits)
        #expect(list.count == 40)
        var longest = IPv4OptionList()
        let nine = longest.appendRecordRoute(slots: 9)
        #expect(nine && longest.count == 39)
        #expect(IPv4OptionList([UInt8](repeating: 1, count: 60).span).count == 40)
        #expect(IPv4OptionList(bytes("0101").span) != IPv4OptionList(bytes("0102").span))
        #expect(IPv4OptionList(bytes("0101").span) == IPv4OptionList(bytes("0101").span))
    }
}
