import Memory
import Testing
import Wire

@testable import Stack

@Suite("Queries of MLD (RFC 9777 §5.1 and §6.2, RFC 2710)")
struct ListenerDiscoveryTests {
    typealias Record = GroupLink.Record

    @Test("MLD is asked and answers alike, to a group or to an address of the host (§5.1.15)")
    func v6() throws {
        let link = GroupLink()
        let id = try link.endpoint(.inet6)
        try link.links.host.joinGroup(id, GroupLink.groupV6)
        _ = link.messages(in: .seconds(5))
        let state = [Record(.isExclude, GroupLink.groupV6)]
        link.hear(GroupLink.queryV6(), isIPv4: false)
        let answer = link.messages(in: .seconds(10))
        try #require(answer.map(\.records) == [state] && answer[0].packet.hops == 1)
        let toUs = GroupLink.queryV6(to: "fe80::1")
        link.hear(toUs, isIPv4: false, to: "fe80::1")
        #expect(link.records(in: .seconds(10)) == [state])
        let about = GroupLink.queryV6(
            GroupLink.groupV6, ["2001:db8::7"], within: 1000, to: "ff15::1:3")
        link.hear(about, isIPv4: false, to: "ff15::1:3")
        #expect(
            link.records(in: .seconds(10)) == [
                [Record(.isInclude, GroupLink.groupV6, ["2001:db8::7"])]
            ])
    }

    @Test("A query of MLD must come from the link, over one hop, with router alert (§6.2)")
    func untrustedV6() throws {
        let link = GroupLink(["fe80::1/64", "2001:db8::1/64"])
        let id = try link.endpoint(.inet6)
        try link.links.host.joinGroup(id, GroupLink.groupV6)
        _ = link.messages(in: .seconds(5))
        let query = GroupLink.queryV6()
        let far = GroupLink.queryV6(from: "2001:db8::9")
        let nobody = GroupLink.queryV6(from: "::")
        link.links.inject(GroupLink.alert(query, from: "fe80::9", to: "ff02::1", hops: 255))
        link.links.inject(GroupLink.alert(query, from: "fe80::9", to: "ff02::1", hasAlert: false))
        link.links.inject(GroupLink.alert(far, from: "2001:db8::9", to: "ff02::1"))
        link.links.inject(GroupLink.alert(nobody, from: "::", to: "ff02::1"))
        #expect(link.messages(in: .seconds(30)).isEmpty)
        #expect(link[.groupUntrusted] == 4)
    }

    @Test("Every length of MLD, too (RFC 9777 §8.1)", arguments: 8..<44)
    func lengthsV6(count: Int) throws {
        let link = GroupLink()
        link.links.host.network.join(GroupLink.groupV6, on: link.interface)
        _ = link.messages(in: .seconds(5))
        let query = GroupLink.queryV6(GroupLink.groupV6, ["2001:db8::1"])
        let short = GroupLink.summed(
            Array(query.prefix(count)), from: GroupLink.routerV6, to: "ff02::1")
        link.hear(short, isIPv4: false)
        #expect(link[.groupMalformed] == (count == 24 ? 0 : 1))
    }

    @Test("MLD of version 1: reports to the group, done to all routers (RFC 2710 §4)")
    func mld() throws {
        let link = GroupLink()
        let id = try link.endpoint(.inet6)
        try link.links.host.joinGroup(id, GroupLink.groupV6)
        _ = link.messages(in: .seconds(5))
        link.hear(
            GroupLink.olderV6(.multicastListenerQuery, within: 10_000), isIPv4: false)
        let start = link.elapsed
        let reports = link.messages(in: .seconds(30))
        try #require(reports.map(\.type) == [131] && reports[0].group == "ff15::1:3")
        #expect(reports[0].packet.destination == GroupLink.groupV6 && reports[0].hasAlert)
        #expect(reports[0].sumIsRight && reports[0].at - start < .seconds(10))
        try link.links.host.leaveGroup(id, GroupLink.groupV6)
        let done = link.messages(in: .seconds(30))
        try #require(done.map(\.type) == [132] && done[0].group == "ff15::1:3")
        #expect(done[0].packet.destination == IPLinks.address("ff02::2"))
        _ = link.messages(in: .seconds(230))
        try link.links.host.joinGroup(id, GroupLink.groupV6)
        #expect(link.messages(in: .seconds(5)).map(\.type) == [143, 143])
    }

    @Test("Another host's report of MLD is enough, if it is of the link (RFC 2710 §4 and §5)")
    func mldSuppressed() throws {
        let link = GroupLink()
        let id = try link.endpoint(.inet6)
        try link.links.host.joinGroup(id, GroupLink.groupV6)
        _ = link.messages(in: .seconds(5))
        let query = GroupLink.olderV6(.multicastListenerQuery, within: 10_000)
        let report = GroupLink.olderV6(
            .multicastListenerReport, GroupLink.groupV6, to: "ff15::1:3")
        link.hear(query, isIPv4: false)
        link.hear(report, isIPv4: false, to: "ff15::1:3")
        #expect(link.messages(in: .seconds(30)).isEmpty)
        let far = GroupLink.olderV6(
            .multicastListenerReport, GroupLink.groupV6, from: "2001:db8::9", to: "ff15::1:3")
        link.hear(query, isIPv4: false)
        link.links.inject(GroupLink.alert(far, from: "2001:db8::9", to: "ff15::1:3"))
        #expect(link.messages(in: .seconds(30)).map(\.type) == [131])
    }
}
