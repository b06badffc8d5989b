import Memory
import Testing
import Wire

@Suite("IPv6 extension headers (RFC 8200 §4)")
struct IPv6ExtensionsTests {
    /// An IPv6 packet with `first` as next header and `text` behind the fixed header.
    static func packet(_ first: UInt8, _ text: String) -> [UInt8] {
        packet(first, bytes(text))
    }

    static func packet(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        var packet = [UInt8](repeating: 0, count: 40)
        packet[0] = 0x60
        packet[4] = UInt8(payload.count >> 8)
        packet[5] = UInt8(truncatingIfNeeded: payload.count)
        packet[6] = first
        packet[23] = 1
        packet[39] = 2
        return packet + payload
    }

    private func read(_ packet: [UInt8]) throws -> IPv6Extensions {
        try IPv6Extensions(try IPv6Packet(packet.span))
    }

    /// Why the packet is refused, nil if it is not.
    private func refusal(_ packet: [UInt8]) -> IPv6ExtensionError? {
        do {
            _ = try read(packet)
            return nil
        } catch {
            return error as? IPv6ExtensionError
        }
    }

    private func refusal(_ first: UInt8, _ text: String) -> IPv6ExtensionError? {
        refusal(Self.packet(first, text))
    }

    private static let udp = "0035 0400 0008 0000"

    @Test("without extension headers the transport is behind the fixed header")
    func none() throws {
        let headers = try read(Self.packet(17, Self.udp))
        #expect(headers.proto == .udp)
        #expect((headers.offset, headers.protoOffset) == (40, 6))
        #expect(headers.fragment == nil && !headers.isFragment)
    }

    @Test("a chain in the recommended order ends at the transport")
    func chain() throws {
        let headers = try read(
            Self.packet(
                0,
                "3c00 0104 00000000" + "2b01 0104 00000000 0106 000000000000" + "3c00 0000 00000000"
                    + "1100 0104 00000000" + Self.udp))
        #expect(headers.proto == .udp)
        #expect((headers.offset, headers.protoOffset) == (80, 72))
    }

    @Test("a next header that nobody knows is named by its place")
    func unknown() throws {
        let headers = try read(Self.packet(60, "fd00 0104 00000000 0000"))
        #expect(headers.proto.rawValue == 253)
        #expect((headers.offset, headers.protoOffset) == (48, 40))
    }

    @Test("no next header ends the chain, whatever follows (§4.7)")
    func noNextHeader() throws {
        #expect(try read(Self.packet(59, "")).proto == .noNextHeader)
        #expect(try read(Self.packet(60, "3b00 0104 00000000 ffff")).proto == .noNextHeader)
    }

    @Test(
        "headers that a host does not implement are unknown next headers to it",
        arguments: [50, 51, 135, 139, 140] as [UInt8])
    func unimplemented(kind: UInt8) throws {
        let headers = try read(Self.packet(kind, "1100 0104 00000000" + Self.udp))
        #expect(headers.proto.rawValue == kind)
        #expect((headers.offset, headers.protoOffset) == (40, 6))
    }

    @Test("hop-by-hop options stand directly behind the fixed header or are unknown (§4.1)")
    func hopByHopFirst() {
        #expect(
            refusal(60, "0000 0104 00000000 1100 0104 00000000" + Self.udp)
                == .problem(IPv6ParameterProblem(.unknownNextHeader, at: 40)))
        #expect(
            refusal(0, "0000 0104 00000000 1100 0104 00000000" + Self.udp)
                == .problem(IPv6ParameterProblem(.unknownNextHeader, at: 40)))
    }

    // MARK: - Options

    @Test("unknown options do what their two highest bits say (§4.2)", arguments: [0, 60])
    func unknownOptions(header: UInt8) throws {
        let end = "02 aabb 00 0000"
        let skipped = try read(
            Self.packet(header, "1101 1e02 aabb 3e00 0104 00000000 0000" + Self.udp))
        #expect(skipped.proto == .udp)
        let cases: [(String, IPv6ExtensionError)] = [
            ("5e", .discarded), ("7f", .discarded),
            ("9e", .problem(IPv6ParameterProblem(.unknownOption, at: 42, answersMulticast: true))),
            ("de", .problem(IPv6ParameterProblem(.unknownOption, at: 42))),
            ("c9", .problem(IPv6ParameterProblem(.unknownOption, at: 42))),
        ]
        for (kind, expected) in cases {
            #expect(refusal(header, "1100" + kind + end.prefix(13) + Self.udp) == expected)
        }
    }

    @Test("the pointer finds an option behind others")
    func pointer() {
        #expect(
            refusal(
                0, "3c00 0104 00000000" + "1101 00 0102 0000 8100 0001 02 00 0000 0000" + Self.udp)
                == .problem(
                    IPv6ParameterProblem(.unknownOption, at: 55, answersMulticast: true)))
    }

    @Test("an option past the end of its header is refused", arguments: ["1e05", "0105", "1eff"])
    func optionPastTheEnd(text: String) {
        #expect(refusal(60, "1100" + text + "00000000" + Self.udp) == .badOption)
    }

    @Test("an option without its length is refused")
    func optionWithoutLength() {
        #expect(refusal(60, "1100 0103 000000 1e" + Self.udp) == .badOption)
    }

    @Test("a router alert tells its value, among the hop-by-hop options alone (RFC 2711)")
    func routerAlert() throws {
        let alert = written(8) { IPv6RouterAlertHeader(nextHeader: .icmpv6).write(to: &$0) }
        #expect(alert == bytes("3a00 0502 0000 0100"))
        #expect(try read(Self.packet(0, alert)).routerAlert == 0)
        #expect(try read(Self.packet(0, "1100 0502 0103 0100")).routerAlert == 0x0103)
        #expect(try read(Self.packet(60, "1100 0502 0103 0100")).routerAlert == nil)
        #expect(try read(Self.packet(0, "1100 0104 00000000")).routerAlert == nil)
        #expect(refusal(0, "1100 0501 00 0101 00") == .badOption)
    }

    @Test("a jumbo option contradicts the packet that carries it (RFC 2675 §3)")
    func jumbo() {
        #expect(
            refusal(0, "1100 c204 00020000" + Self.udp)
                == .problem(IPv6ParameterProblem(.erroneousField, at: 42)))
        #expect(refusal(0, "1100 c203 000200 00" + Self.udp) == .badOption)
        // Behind a payload length of zero there is no option: there are no bytes.
        let empty = Self.packet(0, "1100 c204 00020000" + Self.udp).with(0, 0, at: 4)
        #expect(refusal(empty) == .truncated)
        // Among destination options nobody knows it.
        #expect(
            refusal(60, "1100 c204 00020000" + Self.udp)
                == .problem(IPv6ParameterProblem(.unknownOption, at: 42)))
    }

    @Test("a router reads the hop-by-hop options and nothing else")
    func passing() throws {
        let packet = Self.packet(0, "3c00 0502 0000 0100" + "1100 9e00 0102 0000" + Self.udp)
        let view = try IPv6Packet(packet.span)
        let headers = try IPv6Extensions(passing: view)
        #expect(headers.routerAlert == 0)
        #expect(headers.proto == .destinationOptions)
        #expect((headers.offset, headers.protoOffset) == (48, 40))
        let other = Self.packet(60, "1100 9e00 0102 0000" + Self.udp)
        let untouched = try IPv6Packet(other.span)
        #expect(try IPv6Extensions(passing: untouched).offset == 40)
    }

    // MARK: - Routing

    @Test("a routing header that is used up says nothing, any other is erroneous (RFC 5095)")
    func routing() throws {
        #expect(try read(Self.packet(43, "1100 0000 00000000" + Self.udp)).proto == .udp)
        for type in ["00", "02", "03", "04", "fd"] {
            #expect(
                refusal(43, "1100" + type + "01 00000000" + Self.udp)
                    == .problem(IPv6ParameterProblem(.erroneousField, at: 42)))
        }
    }

    // MARK: - Lengths

    @Test("a header past the end of the packet is refused", arguments: [0, 43, 60] as [UInt8])
    func pastTheEnd(kind: UInt8) {
        for count in 0..<16 {
            let payload = Array(bytes("1101 0104 00000000 0106 000000000000").prefix(count))
            #expect(refusal(Self.packet(kind, payload)) == .truncated)
        }
        #expect(refusal(kind, "11ff 0104 00000000" + Self.udp) == .truncated)
    }

    @Test("every truncation of a fragment header is refused", arguments: 0..<8)
    func truncatedFragment(count: Int) {
        let payload = Array(bytes("1100 0001 00000007").prefix(count))
        #expect(refusal(Self.packet(44, payload)) == .truncated)
    }

    @Test("a chain is as long as any sensible one and no longer")
    func longChain() throws {
        let one = bytes("3c00 0104 00000000")
        let last = bytes("1100 0104 00000000") + bytes(Self.udp)
        let most = (1..<IPv6ExtensionCursor.limit).flatMap { _ in one } + last
        #expect(try read(Self.packet(60, most)).proto == .udp)
        #expect(refusal(Self.packet(60, one + most)) == .tooManyHeaders)
        let endless = (0..<8000).flatMap { _ in one }
        #expect(refusal(Self.packet(60, endless)) == .tooManyHeaders)
    }

    // MARK: - Fragments

    @Test("a fragment header tells its place; what is behind it waits for the datagram (§4.5)")
    func fragment() throws {
        let packet = Self.packet(
            60, "2c00 0104 00000000" + "3c07 0009 89abcdef" + "1100 9e00 0000 0000")
        let headers = try read(packet)
        let fragment = try #require(headers.fragment)
        #expect(headers.isFragment)
        #expect((fragment.headerOffset, fragment.protoOffset, fragment.dataOffset) == (48, 40, 56))
        #expect(
            (fragment.offset, fragment.hasMore, fragment.identification) == (8, true, 0x89AB_CDEF))
        #expect(fragment.nextHeader == .destinationOptions && !fragment.isAtomic)
        #expect((headers.proto, headers.offset) == (.destinationOptions, 56))
    }

    @Test("an atomic fragment is a datagram by itself (RFC 6946)")
    func atomic() throws {
        let headers = try read(
            Self.packet(44, "3c00 0006 00000007" + "1100 0104 00000000" + Self.udp))
        #expect(headers.fragment?.isAtomic == true && !headers.isFragment)
        #expect((headers.proto, headers.offset, headers.protoOffset) == (.udp, 56, 48))
        #expect(
            refusal(44, "3c00 0000 00000007" + "1100 9e00 0000 0000" + Self.udp)
                == .problem(
                    IPv6ParameterProblem(.unknownOption, at: 50, answersMulticast: true)))
    }

    @Test("the fragment header is written as it is read")
    func writeFragment() {
        let output = written(10) {
            IPv6FragmentHeader(
                nextHeader: .udp, offset: 1448, hasMore: true, identification: 0x0102_0304
            ).write(to: &$0, at: 1)
        }
        #expect(output == bytes("ee 1100 05a9 01020304 ee"))
        let last = written(8) {
            IPv6FragmentHeader(
                nextHeader: .udp, offset: 65_528, hasMore: false, identification: 1
            ).write(to: &$0)
        }
        #expect(last == bytes("1100 fff8 00000001"))
    }

    @Test(
        "a first fragment holds all headers or is found out (RFC 7112)",
        arguments: [
            (6, 20, 19), (17, 8, 7), (58, 8, 7), (132, 1, 0), (253, 1, 0),
        ] as [(UInt8, Int, Int)])
    func headerChain(proto: UInt8, enough: Int, short: Int) throws {
        let header = bytes("3c00 0001 00000007") + [proto] + bytes("00 0104 00000000")
        for (count, holds) in [(enough, true), (short, false)] {
            let packet = Self.packet(44, header + [UInt8](repeating: 0, count: count))
            let view = try IPv6Packet(packet.span)
            let held = view.holdsHeaderChain
            #expect(held == holds)
        }
        for cut in 9..<16 {
            let packet = Self.packet(44, Array(header.prefix(cut)))
            let view = try IPv6Packet(packet.span)
            let held = view.holdsHeaderChain
            #expect(!held)
        }
    }

    // MARK: - The cursor

    @Test("the cursor steps over every header by its length (RFC 7045, RFC 4302 §2.2)")
    func cursor() throws {
        let packet = Self.packet(
            0,
            "3300 0104 00000000" + "8701 0000 00000000 00000000" + "8b00 0000 00000000"
                + "8c01 0000 00000000 0000000000000000" + "2c00 0000 00000000"
                + "3200 0000 00000000 ffff")
        let view = try IPv6Packet(packet.span)
        var cursor = IPv6ExtensionCursor(view)
        var fields: [IPv6ExtensionField] = []
        while let field = try cursor.next() { fields.append(field) }
        let expected: [(IPProtocol, Int, Int)] = [
            (.hopByHopOptions, 40, 8), (.authentication, 48, 12), (.mobility, 60, 8),
            (.hostIdentity, 68, 16), (.shim6, 84, 8), (.fragment, 92, 8),
        ]
        #expect(
            fields == expected.map { IPv6ExtensionField(kind: $0.0, offset: $0.1, count: $0.2) })
        let (proto, offset, named) = (cursor.proto, cursor.offset, cursor.protoOffset)
        #expect((proto, offset, named) == (.encapsulatingSecurity, 100, 92))
    }

    @Test("behind the header of a later fragment there are no headers")
    func insideDatagram() throws {
        let packet = Self.packet(44, "3c00 0008 00000000" + "3cff ffff ffffffff")
        let view = try IPv6Packet(packet.span)
        var cursor = IPv6ExtensionCursor(view)
        let first = try cursor.next()
        #expect(first?.kind == .fragment)
        let second = try cursor.next()
        #expect(second == nil)
        let proto = cursor.proto
        #expect(proto == .destinationOptions)
    }
}
