import Memory
import Testing
import Wire

@Suite("IPv4 options (RFC 791 §3.1)")
struct IPv4OptionsTests {
    @Test(
        "source routes are found, loose and strict, wherever they stand",
        arguments: ["83 07 04 0a000001 00", "89 07 04 0a000001 00", "01 94040000 83 03 04"])
    func sourceRoutes(text: String) {
        let options = IPv4Options(bytes(text).span)
        #expect(options.hasSourceRoute)
        #expect(options.malformedOffset == nil)
    }

    @Test("a router alert is found (RFC 2113)")
    func routerAlert() {
        let options = IPv4Options(bytes("94040000").span)
        #expect(options.hasRouterAlert)
        #expect(!options.hasSourceRoute)
    }

    @Test(
        "other options ask nothing",
        arguments: ["", "00", "01010100", "0707 04 00000000", "4404 0500"])
    func others(text: String) {
        let options = IPv4Options(bytes(text).span)
        #expect(!options.hasSourceRoute)
        #expect(!options.hasRouterAlert)
        #expect(options.malformedOffset == nil)
    }

    @Test(
        "an impossible length is told by its place in the header (RFC 1122 §3.2.2.5)",
        arguments: [
            ("83000000", 20), ("83010000", 20), ("01010783", 22), ("83070401", 20),
            ("01010183", 23),
            ("0703040703", 23),
        ] as [(String, UInt8)])
    func malformed(text: String, offset: UInt8) {
        let options = IPv4Options(bytes(text).span)
        #expect(options.malformedOffset == offset)
    }

    @Test("what stands before a malformed option counts, what stands behind does not")
    func order() {
        let before = IPv4Options(bytes("83030401 0700").span)
        #expect(before.hasSourceRoute)
        #expect(before.malformedOffset == 24)
        let behind = IPv4Options(bytes("0700 830304").span)
        #expect(!behind.hasSourceRoute)
        #expect(behind.malformedOffset == 20)
    }

    @Test("kinds have their numbers (IANA)")
    func numbers() {
        let numbers = [
            IPv4OptionKind.end, .noOperation, .recordRoute, .timestamp, .looseSourceRoute,
            .strictSourceRoute, .routerAlert,
        ].map(\.rawValue)
        #expect(numbers == [0, 1, 7, 68, 131, 137, 148])
    }
}
