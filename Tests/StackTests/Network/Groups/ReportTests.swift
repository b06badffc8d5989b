import Memory
import Testing
import Wire

@testable import Stack

@Suite("Reports of groups (RFC 9776 §4.2 and §5.1, RFC 9777 §5.2 and §6.1)")
struct ReportTests {
    typealias Record = GroupLink.Record

    @Test("A join is told twice within a second, with router alert and one hop (§4, §5.1)")
    func join() throws {
        let link = GroupLink()
        let id = try link.endpoint()
        try link.links.host.joinGroup(id, GroupLink.group)
        let messages = link.messages(in: .seconds(5))
        #expect(
            messages.map(\.records) == [[Record(.toExclude, GroupLink.group)]] + [
                [Record(.toExclude, GroupLink.group)]
            ])
        #expect(messages[0].at == .zero && messages[1].at <= .seconds(1))
        #expect(messages[1].at > .zero)
        for message in messages {
            #expect(message.hasAlert && message.sumIsRight && message.type == 0x22)
            #expect(message.packet.hops == 1 && message.packet.bytes[1] == 0xC0)
            #expect(message.packet.source == IPLinks.address(GroupLink.own))
            #expect(message.packet.destination == .v4(224, 0, 0, 22))
        }
        #expect(link.links.host.counters[.groupReportsSent] == 2)
    }

    @Test("MLD tells the same, from a link-local address to ff02::16 (RFC 9777 §5)")
    func joinV6() throws {
        let link = GroupLink(["10.7.0.1/16", "2001:db8::1/64", "fe80::1/64"])
        let id = try link.endpoint(.inet6)
        try link.links.host.joinGroup(id, GroupLink.groupV6)
        let messages = link.messages(in: .seconds(5))
        #expect(
            messages.map(\.records)
                == Array(repeating: [Record(.toExclude, GroupLink.groupV6)], count: 2))
        for message in messages {
            #expect(message.hasAlert && message.sumIsRight && message.type == 143)
            #expect(message.packet.hops == 1)
            #expect(message.packet.source == IPLinks.address("fe80::1"))
            #expect(message.packet.destination == IPLinks.address("ff02::16"))
        }
    }

    @Test("Without a link-local address MLD speaks from none (RFC 3590 §4), and again later")
    func unspecified() throws {
        let link = GroupLink(["2001:db8::1/64"])
        let id = try link.endpoint(.inet6)
        try link.links.host.joinGroup(id, GroupLink.groupV6)
        let first = link.messages(in: .seconds(5))
        #expect(first.allSatisfy { $0.packet.source == .unspecifiedV6 && $0.sumIsRight })
        #expect(first.count == 2)
        let prefix = try #require(IPPrefix("fe80::1/64"))
        try link.links.host.addAddress(prefix, on: link.interface)
        link.links.host.network.reportGroupsAgain(on: link.interface, isIPv4: false)
        let again = link.messages(in: .seconds(5))
        #expect(
            again.count == 2 && again.allSatisfy { $0.packet.source == IPLinks.address("fe80::1") })
        #expect(again[0].records == [Record(.toExclude, GroupLink.groupV6)])
    }

    @Test("IGMP speaks from 0.0.0.0 where there is no address (§4.2.13)")
    func noAddress() throws {
        let link = GroupLink([])
        let id = try link.endpoint()
        try link.links.host.joinGroup(id, GroupLink.group, on: link.interface)
        #expect(link.messages().map(\.packet.source) == [.unspecifiedV4])
    }

    @Test("Leaving is told, by the last that leaves; closing an endpoint leaves (§3.2)")
    func leave() throws {
        let link = GroupLink()
        let (one, two) = (try link.endpoint(), try link.endpoint())
        try link.links.host.joinGroup(one, GroupLink.group)
        try link.links.host.joinGroup(two, GroupLink.group)
        _ = link.messages(in: .seconds(5))
        try link.links.host.leaveGroup(one, GroupLink.group)
        #expect(link.messages(in: .seconds(5)).isEmpty)
        #expect(link.links.host.memberships.map(\.users) == [1])
        try link.links.host.close(two)
        #expect(!link.isMember(GroupLink.group))
        let expected = Array(repeating: [Record(.toInclude, GroupLink.group)], count: 2)
        #expect(link.records(in: .seconds(5)) == expected)
        #expect(link.groupCount == 0)
        #expect(link.links.host.memberships.isEmpty && link.links.isClean)
    }

    @Test("Joins of the stack itself are counted, and want everyone")
    func stackJoins() throws {
        let link = GroupLink()
        link.links.host.network.join(GroupLink.groupV6, on: link.interface)
        link.links.host.network.join(GroupLink.groupV6, on: link.interface)
        #expect(link.records(in: .seconds(2)).count == 2)
        link.links.host.network.leave(GroupLink.groupV6, on: link.interface)
        #expect(link.isMember(GroupLink.groupV6))
        #expect(link.records(in: .seconds(2)).isEmpty)
        link.links.host.network.leave(GroupLink.groupV6, on: link.interface)
        link.links.host.network.leave(GroupLink.groupV6, on: link.interface)
        #expect(!link.isMember(GroupLink.groupV6))
        #expect(link.records() == [[Record(.toInclude, GroupLink.groupV6)]])
    }

    @Test("Sources that come and go are told one by one (§5.1)")
    func sources() throws {
        let link = GroupLink()
        let id = try link.endpoint()
        let group = GroupLink.group
        let source = IPLinks.address("192.0.2.1")
        try link.links.host.joinGroup(id, group, source: source)
        #expect(link.records() == [[Record(.allowNewSources, group, ["192.0.2.1"])]])
        try link.links.host.joinGroup(id, group, source: IPLinks.address("192.0.2.2"))
        #expect(
            link.records() == [[Record(.allowNewSources, group, ["192.0.2.1", "192.0.2.2"])]])
        _ = link.records(in: .seconds(5))
        try link.links.host.leaveGroup(id, group, source: source)
        #expect(link.records() == [[Record(.blockOldSources, group, ["192.0.2.1"])]])
        _ = link.records(in: .seconds(5))
        try link.links.host.leaveGroup(id, group)
        #expect(link.records() == [[Record(.blockOldSources, group, ["192.0.2.2"])]])
        _ = link.records(in: .seconds(5))
        try link.links.host.joinGroup(id, group)
        try link.links.host.blockSource(id, source, of: group)
        #expect(link.records() == [[Record(.toExclude, group, ["192.0.2.1"])]])
        _ = link.records(in: .seconds(5))
        try link.links.host.unblockSource(id, source, of: group)
        #expect(link.records() == [[Record(.allowNewSources, group, ["192.0.2.1"])]])
    }

    @Test("What several endpoints want is told as one (§3.2)")
    func merged() throws {
        let link = GroupLink()
        let (one, two) = (try link.endpoint(), try link.endpoint())
        let group = GroupLink.group
        try link.links.host.setFilter(
            one, SourceFilter(.exclude, ["192.0.2.1", "192.0.2.2"].map(IPLinks.address)), of: group)
        #expect(link.records() == [[Record(.toExclude, group, ["192.0.2.1", "192.0.2.2"])]])
        _ = link.records(in: .seconds(5))
        try link.links.host.joinGroup(two, group, source: IPLinks.address("192.0.2.2"))
        #expect(link.records() == [[Record(.allowNewSources, group, ["192.0.2.2"])]])
        _ = link.records(in: .seconds(5))
        try link.links.host.close(one)
        #expect(link.records() == [[Record(.toInclude, group, ["192.0.2.2"])]])
    }

    @Test("Changes of a turn go in one message, and later ones have their own time")
    func together() throws {
        let link = GroupLink()
        let id = try link.endpoint()
        let other = IPAddress.v4(239, 9, 9, 9)
        try link.links.host.joinGroup(id, GroupLink.group)
        try link.links.host.joinGroup(id, other)
        let first = link.records()
        #expect(first == [[Record(.toExclude, GroupLink.group), Record(.toExclude, other)]])
    }

    @Test("The groups of all hosts and those that stay on the host are never told (§4.2, §6)")
    func unreported() throws {
        let link = GroupLink()
        let (v4, v6) = (try link.endpoint(), try link.endpoint(.inet6))
        try link.links.host.joinGroup(v4, .v4(224, 0, 0, 1))
        for text in ["ff02::1", "ff01::1", "ff01::5", "ff00::5"] {
            try link.links.host.joinGroup(v6, IPLinks.address(text))
        }
        link.hear(GroupLink.query())
        link.hear(GroupLink.queryV6(), isIPv4: false)
        #expect(link.messages(in: .seconds(30)).isEmpty)
        let loopback = NetworkLayer.loopbackID
        try link.links.host.joinGroup(v4, GroupLink.group, on: loopback)
        #expect(link.messages(in: .seconds(5)).isEmpty)
        #expect(link.isMember(GroupLink.group, on: loopback))
        #expect(!link.isMember(GroupLink.group))
    }

    @Test("All hosts are members of the groups of all hosts; routers of those of all routers")
    func routers() {
        let link = GroupLink()
        for text in ["224.0.0.1", "ff02::1", "ff01::1"] {
            let group = IPLinks.address(text)
            #expect(link.isMember(group))
            #expect(
                link.accepts(from: GroupLink.group, to: group))
        }
        let routers = ["224.0.0.2", "ff02::2"].map(IPLinks.address)
        func areMembers() -> [Bool] {
            routers.map { link.isMember($0) }
        }
        #expect(areMembers() == [false, false])
        link.links.host.forwards = true
        #expect(areMembers() == [true, true])
        #expect(link.messages().map(\.records) == routers.map { [Record(.toExclude, $0)] })
        link.links.host.forwards = false
        #expect(areMembers() == [false, false])
    }

    @Test("A report that does not fit its link is divided; an EXCLUDE names what fits (§4.2.16)")
    func divided() throws {
        let link = GroupLink(mtu: 100)
        let id = try link.endpoint()
        let sources = (0..<40).map { IPAddress.v4(192, 0, 2, UInt8($0)) }
        try link.links.host.setFilter(id, SourceFilter(.include, sources), of: GroupLink.group)
        let messages = link.messages()
        // 24 bytes of IP, 8 of the message, 8 of the record leave room for 15.
        #expect(messages.map { $0.records[0].sources.count } == [15, 15, 10])
        #expect(messages.flatMap { $0.records[0].sources } == sources.map(\.description))
        #expect(messages.allSatisfy { $0.packet.bytes.count <= 100 })
        _ = link.messages(in: .seconds(5))
        try link.links.host.setFilter(id, SourceFilter(.exclude, sources), of: GroupLink.group)
        let excluded = link.messages()
        #expect(excluded.map { $0.records[0].sources.count } == [15])
        #expect(excluded[0].records[0].type == GroupRecordType.toExclude.rawValue)
    }

    @Test("Groups, memberships and sources are bounded")
    func bounded() throws {
        let link = GroupLink()
        let id = try link.endpoint()
        for number in 0..<64 {
            try link.links.host.joinGroup(id, .v4(239, 0, 0, UInt8(number)))
        }
        #expect(throws: StackError.noBufferSpace) {
            try link.links.host.joinGroup(id, .v4(239, 0, 0, 64))
        }
        let many = (0..<65).map { IPAddress.v4(192, 0, 2, UInt8($0)) }
        let other = try link.endpoint()
        #expect(throws: StackError.noBufferSpace) {
            try link.links.host.setFilter(other, SourceFilter(.include, many), of: GroupLink.group)
        }
        for number in 0..<2000 {
            link.links.host.network.join(
                .v4(238, 0, UInt8(number / 256), UInt8(number % 256)), on: link.interface)
        }
        #expect(link.groupCount == 1024)
        #expect(link[.groupTableFull] == 2000 - 960)
        #expect(throws: StackError.noBufferSpace) {
            try link.links.host.joinGroup(other, GroupLink.group)
        }
        let records = link.records().flatMap { $0 }
        #expect(records.count == 1024)
    }

    @Test("Calls refuse what makes no sense")
    func errors() throws {
        let link = GroupLink()
        let group = GroupLink.group
        let id = try link.endpoint()
        let source = IPLinks.address("192.0.2.1")
        func refusal(_ call: (inout Host) throws(StackError) -> Void) -> StackError? {
            do throws(StackError) {
                try call(&link.links.host)
                return nil
            } catch {
                return error
            }
        }
        #expect(
            refusal { host throws(StackError) in try host.joinGroup(id, .v4(10, 7, 0, 1)) }
                == .invalidArgument)
        #expect(
            refusal { host throws(StackError) in try host.joinGroup(id, GroupLink.groupV6) }
                == .addressFamilyNotSupported)
        #expect(
            refusal { host throws(StackError) in
                try host.joinGroup(id, group, on: InterfaceID(rawValue: 7))
            } == .invalidArgument)
        let stream = link.links.host.open(.stream)
        #expect(
            refusal { host throws(StackError) in try host.joinGroup(stream, group) }
                == .notSupported)
        #expect(
            refusal { host throws(StackError) in try host.leaveGroup(id, group) }
                == .addressNotAvailable)
        #expect(
            refusal { host throws(StackError) in try host.blockSource(id, source, of: group) }
                == .invalidArgument)
        try link.links.host.joinGroup(id, group)
        #expect(
            refusal { host throws(StackError) in try host.joinGroup(id, group) } == .addressInUse)
        #expect(
            refusal { host throws(StackError) in try host.blockSource(id, group, of: group) }
                == .invalidArgument)
        #expect(
            refusal { host throws(StackError) in try host.unblockSource(id, source, of: group) }
                == .addressNotAvailable)
        try link.links.host.blockSource(id, source, of: group)
        #expect(
            refusal { host throws(StackError) in try host.blockSource(id, source, of: group) }
                == .addressNotAvailable)
        #expect(
            refusal { host throws(StackError) in try host.joinGroup(id, group, source: source) }
                == .invalidArgument)
        #expect(
            refusal { host throws(StackError) in try host.leaveGroup(id, group, source: source) }
                == .invalidArgument)
        try link.links.host.leaveGroup(id, group)
        try link.links.host.joinGroup(id, group, source: source)
        #expect(
            refusal { host throws(StackError) in try host.joinGroup(id, group, source: source) }
                == .addressInUse)
        #expect(
            refusal { host throws(StackError) in try host.leaveGroup(id, group, source: group) }
                == .addressNotAvailable)
        try link.links.host.leaveGroup(id, group, source: source)
        #expect(try link.links.host.filter(of: id, for: group, on: link.interface) == nil)
    }
}
