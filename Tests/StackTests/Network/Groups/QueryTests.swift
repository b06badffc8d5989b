import Memory
import Testing
import Wire

@testable import Stack

@Suite("Queries for groups (RFC 9776 §5.2, RFC 9777 §6.2)")
struct QueryTests {
    typealias Record = GroupLink.Record

    /// A link on which the host listens to everyone in one group and to two sources in another,
    /// and has told so.
    static func prepared() throws -> (GroupLink, EndpointID) {
        let link = GroupLink()
        let id = try link.endpoint()
        try link.links.host.joinGroup(id, GroupLink.group)
        try link.links.host.setFilter(
            id, SourceFilter(.include, [source(1), source(2)]), of: sourceGroup)
        _ = link.messages(in: .seconds(5))
        return (link, id)
    }

    static let sourceGroup = IPAddress.v4(232, 1, 2, 3)
    static func source(_ number: UInt8) -> IPAddress { .v4(192, 0, 2, number) }
    static let state = [
        Record(.isExclude, GroupLink.group),
        Record(.isInclude, sourceGroup, ["192.0.2.1", "192.0.2.2"]),
    ]

    @Test("A general query is answered once, for all groups, within its time")
    func general() throws {
        let (link, _) = try Self.prepared()
        let start = link.elapsed
        link.hear(GroupLink.query(within: 100))
        let messages = link.messages(in: .seconds(30))
        try #require(messages.map(\.records) == [Self.state])
        #expect(messages[0].at > start && messages[0].at - start < .seconds(10))
        #expect(messages[0].packet.destination == .v4(224, 0, 0, 22))
        #expect(link.links.host.counters[.groupQueriesReceived] == 1)
    }

    @Test("Answers of different hosts come at different moments")
    func spread() throws {
        var moments: Set<Int64> = []
        let (link, _) = try Self.prepared()
        for _ in 0..<20 {
            let start = link.elapsed
            link.hear(GroupLink.query(within: 100))
            let messages = link.messages(in: .seconds(10))
            try #require(messages.count == 1)
            moments.insert((messages[0].at - start).milliseconds / 1000)
        }
        #expect(moments.count > 4)
    }

    @Test("A query for a group is answered for it alone, for one that nobody is in not at all")
    func specific() throws {
        let (link, _) = try Self.prepared()
        link.hear(GroupLink.query(GroupLink.group, within: 10), to: "239.1.2.3")
        #expect(link.records(in: .seconds(5)) == [[Self.state[0]]])
        link.hear(GroupLink.query(Self.sourceGroup, within: 10), to: "232.1.2.3")
        #expect(link.records(in: .seconds(5)) == [[Self.state[1]]])
        link.hear(GroupLink.query(.v4(239, 7, 7, 7), within: 10))
        #expect(link.records(in: .seconds(5)).isEmpty)
    }

    @Test("A query for sources is answered with those that are listened to")
    func sources() throws {
        let (link, id) = try Self.prepared()
        link.hear(GroupLink.query(Self.sourceGroup, ["192.0.2.2", "192.0.2.7"], within: 10))
        #expect(
            link.records(in: .seconds(5)) == [[Record(.isInclude, Self.sourceGroup, ["192.0.2.2"])]]
        )
        link.hear(GroupLink.query(Self.sourceGroup, ["192.0.2.7"], within: 10))
        #expect(link.records(in: .seconds(5)).isEmpty)
        try link.links.host.blockSource(id, Self.source(7), of: GroupLink.group)
        _ = link.messages(in: .seconds(5))
        link.hear(GroupLink.query(GroupLink.group, ["192.0.2.7", "192.0.2.8"], within: 10))
        #expect(
            link.records(in: .seconds(5)) == [[Record(.isInclude, GroupLink.group, ["192.0.2.8"])]])
    }

    @Test("Queries while an answer waits are answered with it (rules 1, 4 and 5)")
    func waiting() throws {
        let (link, _) = try Self.prepared()
        link.hear(GroupLink.query(within: 1))
        link.hear(GroupLink.query(GroupLink.group, within: 31_744))
        #expect(link.records(in: .seconds(4000)) == [Self.state])
        link.hear(GroupLink.query(Self.sourceGroup, ["192.0.2.1"], within: 10))
        link.hear(GroupLink.query(Self.sourceGroup, ["192.0.2.2"], within: 10))
        #expect(link.records(in: .seconds(5)) == [[Self.state[1]]])
    }

    @Test("The routers' robustness is this host's (§4.1.6); none is 2 (§8.1)")
    func robustness() throws {
        let (link, id) = try Self.prepared()
        for (said, times) in [(7, 7), (1, 1), (0, 2)] as [(UInt8, Int)] {
            link.hear(GroupLink.query(within: 10, robustness: said))
            _ = link.messages(in: .seconds(5))
            try link.links.host.joinGroup(id, .v4(239, 5, 5, 5))
            #expect(link.messages(in: .seconds(20)).count == times)
            try link.links.host.leaveGroup(id, .v4(239, 5, 5, 5))
            #expect(link.messages(in: .seconds(20)).count == times)
        }
    }

    // MARK: - What is not believed

    @Test("A query that crossed a router, or without router alert, is not believed (§4, §9.1)")
    func untrusted() throws {
        let (link, _) = try Self.prepared()
        let query = GroupLink.query()
        for (hops, hasAlert) in [(64, true), (2, true), (0, true), (1, false)] as [(UInt8, Bool)] {
            link.links.inject(
                GroupLink.alert(
                    query, from: GroupLink.router, to: "224.0.0.1", hops: hops, hasAlert: hasAlert))
        }
        let v2 = GroupLink.older(.query, code: 100)
        link.links.inject(
            GroupLink.alert(v2, from: GroupLink.router, to: "224.0.0.1", hasAlert: false))
        #expect(link.messages(in: .seconds(30)).isEmpty)
        #expect(link[.groupUntrusted] == 5)
    }

    @Test("A query from 0.0.0.0 is answered: switches ask so (RFC 4541 §2.1.1)")
    func unspecified() throws {
        let (link, _) = try Self.prepared()
        link.links.inject(GroupLink.alert(GroupLink.query(), from: "0.0.0.0", to: "224.0.0.1"))
        #expect(link.records(in: .seconds(10)) == [Self.state])
    }

    @Test("A query for what is no group is dropped")
    func noGroup() throws {
        let (link, _) = try Self.prepared()
        link.hear(GroupLink.query(.v4(10, 7, 0, 1)))
        #expect(link.messages(in: .seconds(30)).isEmpty && link[.groupUntrusted] == 1)
    }

    @Test("A wrong checksum is counted, whichever byte is wrong", arguments: 0..<20)
    func checksum(offset: Int) throws {
        let (link, _) = try Self.prepared()
        var query = GroupLink.query(GroupLink.group, ["192.0.2.1", "192.0.2.2"])
        query[offset] ^= 0x10
        link.hear(query)
        #expect(link.messages(in: .seconds(30)).isEmpty && link[.groupBadChecksum] == 1)
    }

    @Test("Every length that no version has is counted (§7.1)", arguments: 0..<20)
    func lengths(count: Int) throws {
        let (link, _) = try Self.prepared()
        var query = Array(
            GroupLink.query(GroupLink.group, ["192.0.2.1", "192.0.2.2"]).prefix(count))
        if count >= 4 {
            query[2] = 0
            query[3] = 0
            var sum = InternetChecksum()
            sum.add(query.span)
            let value = sum.value
            query[2] = UInt8(value >> 8)
            query[3] = UInt8(value & 0xFF)
        }
        link.hear(query)
        // Eight bytes are a query of version 2.
        #expect(link[.groupMalformed] == (count == 8 ? 0 : 1))
        if count != 8 { #expect(link.messages(in: .seconds(30)).isEmpty) }
    }

    @Test("Messages for routers, and of unknown types, are passed over (§4)")
    func ignored() throws {
        let (link, _) = try Self.prepared()
        for type in [0x13, 0x17, 0x22, 0x24] as [UInt8] {
            link.hear(GroupLink.older(IGMPType(rawValue: type), GroupLink.group))
        }
        #expect(link.messages(in: .seconds(30)).isEmpty && link[.groupIgnored] == 4)
    }

    // MARK: - Floods

    @Test("A flood of queries is answered as one, and one that grants no time is limited (§9.1)")
    func flood() throws {
        let (link, _) = try Self.prepared()
        for _ in 0..<5000 { link.hear(GroupLink.query(within: 100)) }
        #expect(link.messages(in: .seconds(30)).count == 1)
        var answers = 0
        for _ in 0..<5000 {
            link.hear(GroupLink.query(within: 0))
            answers += link.messages().count
        }
        #expect(answers == 200)
        #expect(link[.groupAnswerLimited] == 4800)
        _ = link.messages(in: .seconds(10))
        link.hear(GroupLink.query(within: 10))
        #expect(link.records(in: .seconds(5)) == [Self.state])
    }

    @Test("A flood of queries with ever other sources keeps 64 of them at most (§9.1)")
    func sourceFlood() throws {
        let (link, _) = try Self.prepared()
        for number in 0..<2000 {
            let sources = (0..<50).map { "198.51.\(number / 8 % 256).\($0)" }
            link.hear(GroupLink.query(Self.sourceGroup, sources, within: 100))
        }
        #expect(link.askedSources(of: Self.sourceGroup) ?? 65 <= 64)
        // The group is answered for as a whole.
        #expect(link.records(in: .seconds(30)) == [[Self.state[1]]])
    }
}
