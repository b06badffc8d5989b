import Testing

@testable import Stack

/// Names within a host (unix(7), "Address format").
@Suite("Names within a host") struct LocalNameTests {
    private let host = LocalHost()

    @Test("A path ends at its zero, an abstract name is all that follows one")
    func bytes() throws {
        let path = try #require(LocalName("/run/a"))
        #expect(path.sockaddrBytes == Array("/run/a".utf8) + [0] && !path.isAbstract)
        #expect(LocalName(sockaddr: path.sockaddrBytes + [9, 9]) == path)
        #expect(LocalName(sockaddr: Array("/run/a".utf8)) == path)
        let abstract = try #require(LocalName(abstract: "a\0b"))
        #expect(abstract.sockaddrBytes == [0, 97, 0, 98] && abstract.isAbstract)
        #expect(LocalName(sockaddr: [0, 97, 0, 98]) == abstract)
        #expect(LocalName(sockaddr: [0]) == LocalName(abstract: ""))
        #expect(path.description == "/run/a" && abstract.description.hasPrefix("@a"))
        #expect(LocalName(automatic: 0x0A51F).bytes == [0] + Array("0a51f".utf8))
    }

    @Test("Names end at 108 bytes")
    func lengths() {
        let long = String(repeating: "a", count: 108)
        #expect(LocalName("") == nil && LocalName(long) != nil && LocalName(long + "a") == nil)
        #expect(LocalName(abstract: long) == nil && LocalName("a\0b") == nil)
        #expect(LocalName(abstract: String(long.dropLast())) != nil)
        #expect(LocalName(sockaddr: []) == nil)
        #expect(LocalName(sockaddr: [UInt8](repeating: 1, count: 109)) == nil)
    }

    @Test("A name is one endpoint's, and an endpoint's for good; paths for all types")
    func binding() throws {
        let (path, abstract) = (try #require(LocalName("/a")), LocalName(automatic: 7))
        let first = try host.named(.stream, path)
        for type: LocalType in [.stream, .datagram, .sequencedPacket] {
            #expect(throws: StackError.addressInUse) { try host.named(type, path) }
            // A path is looked for first, an abstract name last.
            #expect(throws: StackError.addressInUse) {
                try host.link.host.bind(first, to: path)
            }
            let other = try host.named(type, abstract)
            #expect(throws: StackError.addressInUse) { try host.named(type, abstract) }
            #expect(throws: StackError.invalidArgument) {
                try host.link.host.bind(other, to: abstract)
            }
            try host.link.host.close(other)
            try host.link.host.close(try host.named(type, abstract))
        }
        try host.link.host.bindAutomatically(first)
        #expect(try host.link.host.localName(of: first) == path)
        try host.link.host.close(first)
        _ = try host.named(.datagram, path)
    }

    @Test("A thousand names are given and found again")
    func many() throws {
        var owners: [(EndpointID, LocalName)] = []
        for _ in 0..<1000 {
            let id = host.open(.datagram)
            try host.link.host.bindAutomatically(id)
            owners.append((id, try #require(try host.link.host.localName(of: id))))
        }
        #expect(Set(owners.map(\.1)).count == 1000)
        let sender = host.open(.datagram)
        for (id, name) in owners {
            try host.send(sender, [1], to: name)
            #expect(try host.receive(id).bytes == [1])
            try host.link.host.close(id)
            #expect(throws: StackError.connectionRefused) { try host.send(sender, [1], to: name) }
        }
    }
}
