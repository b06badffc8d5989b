import Memory
import Testing
import Wire

@testable import Stack

@Suite("Routers of older versions (RFC 9776 §7.2, RFC 9777 §8.2)")
struct OlderVersionTests {
    static func prepared(_ query: [UInt8]) throws -> (GroupLink, EndpointID) {
        let link = GroupLink()
        let id = try link.endpoint()
        try link.links.host.joinGroup(id, GroupLink.group)
        _ = link.messages(in: .seconds(5))
        link.hear(query)
        return (link, id)
    }

    static let v1 = GroupLink.older(.query)
    static let v2 = GroupLink.older(.query, code: 100)

    @Test("A query of version 2 is answered in version 2, to the group (RFC 2236 §3)")
    func version2() throws {
        let (link, _) = try Self.prepared(Self.v2)
        let start = link.elapsed
        let messages = link.messages(in: .seconds(30))
        try #require(messages.map(\.type) == [0x16] && messages[0].group == "239.1.2.3")
        let packet = messages[0].packet
        #expect(packet.destination == GroupLink.group && packet.hops == 1)
        #expect(messages[0].hasAlert && messages[0].sumIsRight && packet.payload.count == 8)
        #expect(messages[0].at - start < .seconds(10))
    }

    @Test("A query of version 1 is answered in version 1 within ten seconds (RFC 1112)")
    func version1() throws {
        let (link, id) = try Self.prepared(Self.v1)
        let start = link.elapsed
        let messages = link.messages(in: .seconds(30))
        try #require(messages.map(\.type) == [0x12] && messages[0].at - start < .seconds(10))
        // It has no message to leave with.
        try link.links.host.leaveGroup(id, GroupLink.group)
        #expect(link.messages(in: .seconds(30)).isEmpty)
        #expect(link.groupCount == 0)
    }

    @Test("A group that is left once the old router's time is over is left in the latest version")
    func leavesLater() throws {
        let (link, id) = try Self.prepared(Self.v2)
        _ = link.messages(in: .seconds(1000))
        try link.links.host.leaveGroup(id, GroupLink.group)
        let messages = link.messages(in: .seconds(30))
        #expect(!messages.isEmpty && messages.allSatisfy { $0.type == 0x22 })
        #expect(link.groupCount == 0)
    }

    @Test("Each group has its own delay, which a query makes shorter and never longer")
    func delays() throws {
        let (link, id) = try Self.prepared(Self.v2)
        _ = link.messages(in: .seconds(30))
        for number in 0..<8 {
            try link.links.host.joinGroup(id, .v4(239, 8, 8, UInt8(number)))
        }
        _ = link.messages(in: .seconds(60))
        link.hear(GroupLink.older(.query, code: 5))
        link.hear(Self.v2)
        let messages = link.messages(in: .seconds(30))
        try #require(messages.count == 9 && Set(messages.map(\.at)).count > 4)
        let start = link.elapsed - .seconds(30)
        #expect(messages.allSatisfy { $0.at - start <= .milliseconds(501) })
        link.hear(GroupLink.older(.query, code: 10, GroupLink.group))
        #expect(link.messages(in: .seconds(30)).map(\.group) == ["239.1.2.3"])
    }

    @Test("A join is told as often as the robustness says, within ten seconds (RFC 2236 §3)")
    func join() throws {
        let (link, id) = try Self.prepared(Self.v2)
        _ = link.messages(in: .seconds(30))
        let start = link.elapsed
        try link.links.host.joinGroup(id, .v4(239, 8, 8, 8))
        let messages = link.messages(in: .seconds(30))
        try #require(messages.map(\.type) == [0x16, 0x16])
        #expect(messages[0].at == start && messages[1].at - start <= .seconds(10))
    }

    @Test("A report that another host gave need not be given (RFC 2236 §3)")
    func suppressed() throws {
        let (link, id) = try Self.prepared(Self.v2)
        link.hear(GroupLink.older(.reportV2, GroupLink.group), to: "239.1.2.3")
        #expect(link.messages(in: .seconds(30)).isEmpty)
        #expect(link.links.host.counters[.groupReportsReceived] == 1)
        // Nor does it say that it leaves: the other one is still there.
        try link.links.host.leaveGroup(id, GroupLink.group)
        #expect(link.messages(in: .seconds(30)).isEmpty)
    }

    @Test("The last that reported tells all routers that it leaves (RFC 2236 §3)")
    func leave() throws {
        let (link, id) = try Self.prepared(Self.v2)
        _ = link.messages(in: .seconds(30))
        try link.links.host.leaveGroup(id, GroupLink.group)
        let messages = link.messages(in: .seconds(30))
        try #require(messages.map(\.type) == [0x17] && messages[0].group == "239.1.2.3")
        #expect(messages[0].packet.destination == .v4(224, 0, 0, 2) && messages[0].hasAlert)
    }

    @Test("Sources cannot be told: a group is reported while anyone is listened to (§7.2.1)")
    func sources() throws {
        let (link, id) = try Self.prepared(Self.v2)
        _ = link.messages(in: .seconds(30))
        try link.links.host.blockSource(id, .v4(192, 0, 2, 1), of: GroupLink.group)
        #expect(link.messages(in: .seconds(30)).isEmpty)
        let other = IPAddress.v4(232, 1, 1, 1)
        try link.links.host.joinGroup(id, other, source: .v4(192, 0, 2, 1))
        #expect(link.messages(in: .seconds(30)).map(\.group) == ["232.1.1.1", "232.1.1.1"])
        try link.links.host.leaveGroup(id, other)
        #expect(link.messages().map(\.type) == [0x17])
    }

    @Test("A change of the version forgets what was to be told (§7.2.1)")
    func forgets() throws {
        let link = GroupLink()
        let id = try link.endpoint()
        try link.links.host.joinGroup(id, GroupLink.group)
        _ = link.messages()
        link.hear(GroupLink.query())
        link.hear(Self.v2)
        // Neither the repetition nor the answer in version 3 comes any more.
        #expect(link.messages(in: .seconds(30)).map(\.type) == [0x16])
        try link.links.host.leaveGroup(id, GroupLink.group)
        #expect(link.groupCount == 0)
    }

    @Test("Version 3 comes back 260 seconds after the last older query (§8.12)")
    func timeout() throws {
        let (link, id) = try Self.prepared(Self.v2)
        _ = link.messages(in: .seconds(200))
        link.hear(Self.v2)
        _ = link.messages(in: .seconds(259))
        try link.links.host.joinGroup(id, .v4(239, 8, 8, 8))
        #expect(link.messages().map(\.type) == [0x16])
        _ = link.messages(in: .seconds(2))
        try link.links.host.joinGroup(id, .v4(239, 8, 8, 9))
        #expect(link.messages(in: .seconds(5)).map(\.type) == [0x22, 0x22])
    }

    @Test("Version 1 goes before version 2 (§7.2.1), and the router's times count (§8.12)")
    func both() throws {
        let (link, _) = try Self.prepared(Self.v1)
        link.hear(GroupLink.query(within: 10, robustness: 3, interval: 20))
        link.hear(Self.v2)
        // 3 × 20 + 10 seconds for version 2, 260 for version 1.
        _ = link.messages(in: .seconds(100))
        link.hear(GroupLink.query(within: 10))
        #expect(link.messages(in: .seconds(20)).map(\.type) == [0x12])
        _ = link.messages(in: .seconds(150))
        link.hear(GroupLink.query(within: 10))
        #expect(link.messages(in: .seconds(20)).map(\.type) == [0x22])
    }

}
