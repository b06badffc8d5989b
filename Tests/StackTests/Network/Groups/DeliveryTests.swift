import Memory
import Testing
import Wire

@testable import Stack

@Suite("Datagrams to groups and to everybody (RFC 1112, RFC 3678)")
struct DeliveryTests {
    /// What waits for an endpoint, as text.
    static func received(_ link: GroupLink, _ id: EndpointID) throws -> [String] {
        var texts: [String] = []
        while try link.links.host.readiness(of: id).contains(.readable) {
            var buffer = [UInt8](repeating: 0, count: 100)
            var span = buffer.mutableSpan
            let datagram = try link.links.host.receiveDatagram(id, into: &span)
            texts.append(String(decoding: buffer[..<datagram.count], as: UTF8.self))
        }
        return texts
    }

    static func say(
        _ link: GroupLink, _ text: String, from source: String, to destination: String
    ) {
        let datagram = IPLinks.udp(from: source, 9, to: destination, 5000, Array(text.utf8))
        link.links.inject(IPLinks.packet(.udp, from: source, to: destination, hops: 1, datagram))
    }

    @Test("A group that nobody listens to is not this host's (RFC 1112 §7.2)")
    func strangers() throws {
        let link = GroupLink()
        let id = try link.endpoint()
        Self.say(link, "a", from: "10.7.0.9", to: "239.1.2.3")
        #expect(try Self.received(link, id).isEmpty && link[.ipNotForUs] == 1)
        try link.links.host.joinGroup(id, GroupLink.group)
        Self.say(link, "b", from: "10.7.0.9", to: "239.1.2.3")
        #expect(try Self.received(link, id) == ["b"])
        try link.links.host.leaveGroup(id, GroupLink.group)
        Self.say(link, "c", from: "10.7.0.9", to: "239.1.2.3")
        #expect(try Self.received(link, id).isEmpty && link[.ipNotForUs] == 2)
    }

    @Test("A datagram to a group reaches every endpoint on its port", arguments: [true, false])
    func everyEndpoint(isIPv4: Bool) throws {
        let link = GroupLink()
        let group = isIPv4 ? GroupLink.group : GroupLink.groupV6
        let family: AddressFamily = isIPv4 ? .inet : .inet6
        let ids = [
            try link.endpoint(family), try link.endpoint(family), try link.endpoint(family),
        ]
        let other = try link.endpoint(family, port: 5001)
        try link.links.host.joinGroup(ids[0], group)
        try link.links.host.joinGroup(ids[1], group)
        Self.say(
            link, "all", from: isIPv4 ? "10.7.0.9" : "fe80::9", to: group.description)
        // The third is no member; the host is, and Linux gives it what the host hears
        // (IP_MULTICAST_ALL).
        for id in ids { #expect(try Self.received(link, id) == ["all"]) }
        #expect(try Self.received(link, other).isEmpty)
        #expect(link.links.host.counters[.udpDatagramsReceived] == 3)
    }

    @Test("Broadcasts reach every endpoint on their port, too")
    func broadcast() throws {
        let link = GroupLink()
        let ids = [try link.endpoint(), try link.endpoint()]
        Self.say(link, "limited", from: "10.7.0.9", to: "255.255.255.255")
        Self.say(link, "directed", from: "10.7.0.9", to: "10.7.255.255")
        for id in ids { #expect(try Self.received(link, id) == ["limited", "directed"]) }
    }

    @Test("Each endpoint hears whom its own filter lets through")
    func filters() throws {
        let link = GroupLink()
        let (include, exclude) = (try link.endpoint(), try link.endpoint())
        let group = GroupLink.group
        try link.links.host.joinGroup(include, group, source: .v4(10, 7, 0, 8))
        try link.links.host.joinGroup(exclude, group)
        try link.links.host.blockSource(exclude, .v4(10, 7, 0, 7), of: group)
        for number in [7, 8, 9] {
            Self.say(link, "\(number)", from: "10.7.0.\(number)", to: "239.1.2.3")
        }
        #expect(try Self.received(link, include) == ["8"])
        #expect(try Self.received(link, exclude) == ["8", "9"])
        #expect(link[.groupSourceFiltered] == 1)
        try link.links.host.unblockSource(exclude, .v4(10, 7, 0, 7), of: group)
        Self.say(link, "7", from: "10.7.0.7", to: "239.1.2.3")
        #expect(try Self.received(link, exclude) == ["7"])
    }

    @Test("What is filtered out for one may be what another hears by default")
    func defaults() throws {
        let link = GroupLink()
        let (member, other) = (try link.endpoint(), try link.endpoint())
        try link.links.host.joinGroup(member, GroupLink.group, source: .v4(10, 7, 0, 8))
        Self.say(link, "8", from: "10.7.0.8", to: "239.1.2.3")
        Self.say(link, "9", from: "10.7.0.9", to: "239.1.2.3")
        #expect(try Self.received(link, member) == ["8"])
        #expect(try Self.received(link, other) == ["8"])
    }

    @Test("An endpoint may want to hear nothing but its own groups (IP_MULTICAST_ALL off)")
    func ownGroupsOnly() throws {
        let link = GroupLink()
        let (member, other) = (try link.endpoint(), try link.endpoint())
        var options = try link.links.host.options(of: other)
        options.hearsAllGroups = false
        try link.links.host.setOptions(options, of: other)
        try link.links.host.joinGroup(member, GroupLink.group)
        Self.say(link, "a", from: "10.7.0.9", to: "239.1.2.3")
        #expect(try Self.received(link, member) == ["a"])
        #expect(try Self.received(link, other).isEmpty)
        try link.links.host.joinGroup(other, GroupLink.group)
        Self.say(link, "b", from: "10.7.0.9", to: "239.1.2.3")
        #expect(try Self.received(link, other) == ["b"])
    }

    @Test("Raw endpoints hear groups, too, filtered alike")
    func raw() throws {
        let link = GroupLink()
        let id = link.links.host.open(.raw(IPProtocol(rawValue: 99)))
        try link.links.host.joinGroup(id, GroupLink.group, source: .v4(10, 7, 0, 8))
        for source in ["10.7.0.8", "10.7.0.9"] {
            link.links.inject(
                IPLinks.packet(
                    IPProtocol(rawValue: 99), from: source, to: "239.1.2.3", hops: 1, [1, 2]))
        }
        #expect(try Self.received(link, id).count == 1)
        #expect(link[.groupSourceFiltered] == 1)
    }

    @Test("Every copy takes memory of its own, within the pools", .timeLimit(.minutes(1)))
    func copies() throws {
        let link = GroupLink()
        var ids: [EndpointID] = []
        for _ in 0..<50 { ids.append(try link.endpoint()) }
        try link.links.host.joinGroup(ids[0], GroupLink.group)
        for _ in 0..<200 { Self.say(link, "flood", from: "10.7.0.9", to: "239.1.2.3") }
        var count = 0
        for id in ids {
            count += try Self.received(link, id).count
            try link.links.host.close(id)
        }
        #expect(count > 50)
        #expect(link[.udpQueueFull] + link[.noBuffer] == UInt64(200 * 50 - count))
        _ = link.messages(in: .seconds(5))
        #expect(link.links.isClean)
    }

    // MARK: - What the host sends itself

    @Test("The host's own members hear what it sends, unless it says not to (RFC 1112 §7.1)")
    func loopback() throws {
        let link = GroupLink()
        let (sender, member) = (try link.endpoint(port: 6000), try link.endpoint())
        try link.links.host.joinGroup(member, GroupLink.group)
        _ = link.messages(in: .seconds(5))
        let target = SocketAddress(address: GroupLink.group, port: 5000)
        try link.links.host.send(sender, Array("one".utf8).span, to: target)
        link.links.wait(.zero)
        #expect(try Self.received(link, member) == ["one"])
        let sent = try #require(link.links.take())
        #expect(sent.destination == GroupLink.group && sent.hops == 1 && sent.proto == .udp)
        var options = try link.links.host.options(of: sender)
        options.loopsMulticast = false
        options.multicastTimeToLive = 7
        try link.links.host.setOptions(options, of: sender)
        try link.links.host.send(sender, Array("two".utf8).span, to: target)
        link.links.wait(.zero)
        #expect(try Self.received(link, member).isEmpty)
        #expect(link.links.take()?.hops == 7)
    }

    @Test("A packet whose header the application wrote is heard, too (IP_HDRINCL)")
    func wholePacket() throws {
        let link = GroupLink()
        let member = try link.endpoint()
        let sender = link.links.host.open(.raw(.raw))
        try link.links.host.joinGroup(member, GroupLink.group)
        _ = link.messages(in: .seconds(5))
        let datagram = IPLinks.udp(from: GroupLink.own, 9, to: "239.1.2.3", 5000, [65])
        let packet = IPLinks.packet(.udp, from: GroupLink.own, to: "239.1.2.3", hops: 1, datagram)
        let target = SocketAddress(address: GroupLink.group, port: 0)
        try link.links.host.send(sender, packet.span, to: target)
        link.links.wait(.zero)
        #expect(try Self.received(link, member) == ["A"])
        #expect(link.links.take()?.payload == datagram)
    }

    @Test("No hops to go keep a datagram on the host (IP_MULTICAST_TTL 0)")
    func noHops() throws {
        let link = GroupLink()
        let (sender, member) = (try link.endpoint(port: 6000), try link.endpoint())
        try link.links.host.joinGroup(member, GroupLink.group)
        _ = link.messages(in: .seconds(5))
        var options = try link.links.host.options(of: sender)
        options.multicastTimeToLive = 0
        try link.links.host.setOptions(options, of: sender)
        let target = SocketAddress(address: GroupLink.group, port: 5000)
        try link.links.host.send(sender, Array("stay".utf8).span, to: target)
        link.links.wait(.zero)
        #expect(try Self.received(link, member) == ["stay"])
        #expect(link.links.take() == nil)
    }

    @Test("Groups of the host itself never leave it (RFC 4291 §2.7)")
    func interfaceLocal() throws {
        let link = GroupLink()
        let (sender, member) = (
            try link.endpoint(.inet6, port: 6000), try link.endpoint(.inet6)
        )
        let group = IPLinks.address("ff01::77")
        try link.links.host.joinGroup(member, group, on: link.interface)
        let target = SocketAddress(address: group, port: 5000, zone: link.interface.zone)
        try link.links.host.send(sender, Array("stay".utf8).span, to: target)
        link.links.wait(.zero)
        #expect(try Self.received(link, member) == ["stay"])
        #expect(link.links.take() == nil)
    }

    @Test("A sender that nobody on the host listens to is not heard there")
    func noMember() throws {
        let link = GroupLink()
        let id = try link.endpoint()
        let target = SocketAddress(address: GroupLink.group, port: 5000)
        try link.links.host.send(id, Array("out".utf8).span, to: target)
        link.links.wait(.zero)
        #expect(try Self.received(link, id).isEmpty && link.links.take() != nil)
    }

    @Test("Broadcasts are heard by the host that sends them, as on Linux")
    func ownBroadcast() throws {
        let link = GroupLink()
        let id = try link.endpoint()
        var options = try link.links.host.options(of: id)
        options.allowsBroadcast = true
        try link.links.host.setOptions(options, of: id)
        let target = SocketAddress(address: .v4(10, 7, 255, 255), port: 5000)
        try link.links.host.send(id, Array("me too".utf8).span, to: target)
        link.links.wait(.zero)
        #expect(try Self.received(link, id) == ["me too"])
        #expect(link.links.take()?.destination == .v4(10, 7, 255, 255))
    }

    @Test("The interface of groups can be chosen (IP_MULTICAST_IF), and each has its own members")
    func interfaces() throws {
        let links = IPLinks([["10.1.0.1/16"], ["10.2.0.1/16"]])
        let sender = links.host.open(.datagram)
        let member = links.host.open(.datagram)
        try links.host.bind(member, to: SocketAddress(address: .unspecifiedV4, port: 5000))
        try links.host.joinGroup(member, GroupLink.group, on: links.interfaces[1])
        for number in 0..<2 {
            links.wait(.seconds(5))
            while links.take(on: 0) != nil || links.take(on: 1) != nil {}
            var options = try links.host.options(of: sender)
            options.multicastInterface = links.interfaces[number]
            try links.host.setOptions(options, of: sender)
            let target = SocketAddress(address: GroupLink.group, port: 5000)
            try links.host.send(sender, [1].span, to: target)
            links.wait(.zero)
            let sent = try #require(links.take(on: number))
            #expect(sent.source == .v4(10, UInt8(number + 1), 0, 1))
            #expect(links.take(on: 1 - number) == nil)
            let isHeard = try links.host.readiness(of: member).contains(.readable)
            #expect(isHeard == (number == 1))
        }
    }
}
