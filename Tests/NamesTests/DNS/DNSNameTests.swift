import Testing

@testable import Names

/// RFC 1035 §2.3.4 and §4.1.4, RFC 4343.
@Suite("Names of DNS")
struct DNSNameTests {
    @Test("names are the same in either case")
    func cases() throws {
        let name = try #require(DNSName("Services.SOCKEYE."))
        #expect(name == DNSName("services.sockeye"))
        #expect(name.hashValue == DNSName("sERVICES.sockeye")?.hashValue)
        #expect(name.description == "Services.SOCKEYE")
        #expect(name != DNSName("services.sockeyf"))
        // Only letters have cases: @ and ` differ in the same bit.
        #expect(DNSName("@") != DNSName("`"))
    }

    @Test("a name is within another by whole labels")
    func within() throws {
        let top = try #require(DNSName("sockeye"))
        #expect(top.isWithin(top))
        #expect(DNSName("a.b.Sockeye")?.isWithin(top) == true)
        #expect(DNSName("notsockeye")?.isWithin(top) == false)
        #expect(DNSName("sockeye.org")?.isWithin(top) == false)
        #expect(top.isWithin(.root))
    }

    @Test("labels have 1 to 63 bytes and names 255")
    func lengths() {
        let label = String(repeating: "a", count: 63)
        #expect(DNSName(label) != nil)
        #expect(DNSName(label + "a") == nil)
        #expect(DNSName("a..b") == nil)
        #expect(DNSName(".a") == nil)
        let longest = "\(label).\(label).\(label).\(label.dropLast(2))"
        #expect(DNSName(longest) != nil)
        #expect(DNSName(longest + "a") == nil)
    }

    private func read(_ message: [UInt8], at offset: Int) throws -> (name: String, end: Int) {
        var reader = DNSReader(message[...])
        _ = try reader.bytes(offset)
        return ("\(try reader.name())", reader.offset)
    }

    @Test("pointers back are followed, and reading goes on after the first")
    func compression() throws {
        // 0: c.d  5: b -> 0  9: a -> 5
        let message: [UInt8] = [1, 0x63, 1, 0x64, 0, 1, 0x62, 0xC0, 0, 1, 0x61, 0xC0, 5, 9, 9]
        let found = try read(message, at: 9)
        #expect(found.name == "a.b.c.d")
        #expect(found.end == 13)
    }

    @Test(
        "names that lie are refused",
        arguments: [
            ([0xC0, 0], 0),  // at itself
            ([1, 0x61, 0xC0, 0], 0),  // back into itself
            ([0xC0, 2, 0], 0),  // forward
            ([0xC0, 2, 0xC0, 0], 2),  // two that point at each other
            ([0, 0xC0], 1),  // half a pointer
            ([0xC0, 99], 0),  // past the end
            ([3, 0x61, 0x62], 0),  // past the end
            ([1, 0x61], 0),  // no end
            ([], 0),
            ([0x40, 0x61, 0], 0),  // a label of 64
            ([0x80, 0], 0),
        ] as [([UInt8], Int)])
    func lies(message: [UInt8], offset: Int) {
        #expect(throws: DNSMalformed.self) { try read(message, at: offset) }
    }

    @Test("a name that pointers make longer than 255 is refused")
    func longByPointers() throws {
        var message: [UInt8] = []
        var starts: [Int] = []
        for _ in 0..<5 {
            let last = starts.last
            starts.append(message.count)
            message += [60] + [UInt8](repeating: 0x61, count: 60)
            message += last.map { [0xC0 | UInt8($0 >> 8), UInt8($0 & 0xFF)] } ?? [0]
        }
        #expect(try read(message, at: starts[3]).name.utf8.count == 243)
        #expect(throws: DNSMalformed.self) { try read(message, at: starts[4]) }
    }
}
