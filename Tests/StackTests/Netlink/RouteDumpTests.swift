import Testing
import Wire

@testable import Stack

/// Links, addresses, routes and neighbours as `ip` and the C library ask for them (rtnetlink(7)).
@Suite("Dumps of links, addresses, routes and neighbours") struct RouteDumpTests {
    private let asker = Asker(.route)

    @Test("Links come with their names, numbers, flags and counters")
    func links() throws {
        let links = try asker.dump(.getLink, family: NetlinkFamily.packet)
        let count = LinkMessageHeader.byteCount
        #expect(links.count == 3)
        var names: [String] = []
        for (place, link) in links.enumerated() {
            #expect(link.type == .newLink)
            let information = try link.link()
            #expect(information.index == UInt32(place + 1))
            names.append(try #require(text(link.attribute(LinkAttribute.name, behind: count))))
            let counters = try #require(
                try link.attribute(LinkAttribute.statistics64, behind: count))
            #expect(counters.count == 24 * 8)
        }
        #expect(names == ["lo", "ip0", "ip1"])
        let loopback = try links[0].link()
        #expect(loopback.hardwareType == 772 && loopback.flags == 0x1_0049)
        let mtu = number(try links[1].attribute(LinkAttribute.mtu, behind: count))
        #expect(mtu == 1500)
        #expect(try links[0].attribute(LinkAttribute.address, behind: count)?.count == 6)
    }

    @Test("One link is found by number or name, and one that is not there is told of as such")
    func oneLink() throws {
        var wanted = LinkMessageHeader()
        wanted.index = 2
        try asker.send(Asker.request(.getLink, .request) { wanted.write(to: &$0) })
        let byNumber = try asker.answers()
        #expect(byNumber.count == 1 && byNumber[0].type == .newLink && byNumber[0].flags == [])
        wanted.index = 0
        try asker.send(
            Asker.request(.getLink, .request) {
                wanted.write(to: &$0)
                $0.attribute(LinkAttribute.name, text: "ip0")
            })
        #expect(try asker.answers() == byNumber)
        for (index, error): (UInt32, Int32) in [(99, -19), (.max, -19), (0, -22)] {
            wanted.index = index
            try asker.send(Asker.request(.getLink, .request) { wanted.write(to: &$0) })
            let refused = try asker.answers()
            #expect(refused.count == 1 && refused[0].type == .error && refused[0].error == error)
            // The request is quoted.
            #expect(refused[0].payload.count == 4 + 16 + 16)
        }
    }

    @Test("Addresses come by family, each with its prefix, scope and lifetime")
    func addresses() throws {
        let count = AddressMessageHeader.byteCount
        let all = try asker.dump(.getAddress)
        let v4 = try asker.dump(.getAddress, family: NetlinkFamily.inet)
        let v6 = try asker.dump(.getAddress, family: NetlinkFamily.inet6)
        #expect(all == v4 + v6)
        let shown = try v4.map { answer in
            let information = try answer.address()
            let local = try #require(try answer.attribute(AddressAttribute.local, behind: count))
            return "\(information.index) \(local) \(information.prefixLength) \(information.scope)"
        }
        #expect(
            shown == ["1 [127, 0, 0, 1] 8 254", "2 [10, 7, 0, 1] 16 0", "3 [10, 8, 0, 1] 16 0"])
        let label = text(try v4[1].attribute(AddressAttribute.label, behind: count))
        #expect(label == "ip0")
        let times = try v4[1].attribute(AddressAttribute.cacheInformation, behind: count)
        #expect(times?.prefix(8) == [255, 255, 255, 255, 255, 255, 255, 255])
        let linkLocal = try v6.filter { try $0.address().scope == 253 }
        #expect(linkLocal.count == 2)
        #expect(try v6.allSatisfy { try $0.attribute(1, behind: count)?.count == 16 })
        // Of one link, where the asker's fields are to be obeyed.
        _ = try asker.link.host.setNetlinkOption(asker.id, 12, true)
        var wanted = AddressMessageHeader()
        wanted.index = 3
        let second = try asker.dump(.getAddress) { wanted.write(to: &$0) }
        #expect(try second.allSatisfy { try $0.address().index == 3 })
        #expect(second.count == 3)
    }

    @Test("Routes come from two tables, and of one where that is asked for")
    func routes() throws {
        try asker.link.host.addRoute(
            Route(to: .allIPv4, through: BareLinks.peer4, on: asker.link.first, metric: 5))
        let count = RouteMessageHeader.byteCount
        let all = try asker.dump(.getRoute, family: NetlinkFamily.inet)
        let tables = try all.map { number(try $0.attribute(RouteAttribute.table, behind: count)) }
        #expect(tables == [254, 254, 254, 255, 255, 255, 255])
        _ = try asker.link.host.setNetlinkOption(asker.id, 12, true)
        var wanted = RouteMessageHeader()
        wanted.family = NetlinkFamily.inet
        wanted.table = 254
        let main = try asker.dump(.getRoute) { wanted.write(to: &$0) }
        #expect(main == Array(all.prefix(3)))
        let last = try #require(main.last)
        let information = try last.route()
        #expect(information.destinationLength == 0 && information.type == 1)
        #expect(try last.attribute(RouteAttribute.destination, behind: count) == nil)
        #expect(try last.attribute(RouteAttribute.gateway, behind: count) == [10, 7, 0, 2])
        #expect(number(try last.attribute(RouteAttribute.outputInterface, behind: count)) == 2)
        #expect(number(try last.attribute(RouteAttribute.priority, behind: count)) == 5)
        #expect(
            try main[0].attribute(RouteAttribute.preferredSource, behind: count) == [10, 7, 0, 1])
    }

    @Test("The way to one destination is the one that packets take")
    func lookup() throws {
        try asker.link.host.addRoute(
            Route(to: .allIPv4, through: BareLinks.peer4, on: asker.link.first))
        let count = RouteMessageHeader.byteCount
        func way(_ destination: IPAddress) throws -> Asker.Answer {
            var wanted = RouteMessageHeader()
            wanted.family = NetlinkFamily.of(destination)
            wanted.destinationLength = UInt8(destination.bitCount)
            try asker.send(
                Asker.request(.getRoute, .request) {
                    wanted.write(to: &$0)
                    $0.attribute(RouteAttribute.destination, destination)
                })
            let answers = try asker.answers()
            #expect(answers.count == 1)
            return try #require(answers.first)
        }
        let far = try way(.v4(1, 1, 1, 1))
        #expect(try far.attribute(RouteAttribute.gateway, behind: count) == [10, 7, 0, 2])
        #expect(try far.attribute(RouteAttribute.preferredSource, behind: count) == [10, 7, 0, 1])
        #expect(number(try far.attribute(RouteAttribute.outputInterface, behind: count)) == 2)
        let near = try way(.v4(10, 8, 9, 9))
        #expect(try near.attribute(RouteAttribute.gateway, behind: count) == nil)
        #expect(number(try near.attribute(RouteAttribute.outputInterface, behind: count)) == 3)
        let own = try way(BareLinks.own4)
        #expect(try own.route().type == 2)
        #expect(number(try own.attribute(RouteAttribute.outputInterface, behind: count)) == 1)
        #expect(try way(.v4(10, 7, 255, 255)).route().type == 3)
        #expect(try way(.v4(224, 0, 0, 5)).route().type == 5)
        let nowhere = try way(BareLinks.address("2001:db8:99::1"))
        #expect(nowhere.type == .error && nowhere.error == -101)
    }

    @Test("Neighbours come with their link addresses and states")
    func neighbours() throws {
        let own = MACAddress(2, 0, 0, 0, 0, 1)
        let ethernet = asker.link.host.addInterface(
            InterfaceConfiguration(
                name: "eth0", link: .ethernet(own),
                addresses: [BareLinks.prefix(.v4(10, 9, 0, 1), 24)]))
        let peer = MACAddress(2, 0, 0, 0, 0, 9)
        try asker.link.host.addNeighbour(.v4(10, 9, 0, 9), at: peer, on: ethernet)
        let count = NeighbourMessageHeader.byteCount
        let all = try asker.dump(.getNeighbour)
        #expect(all.count == 1)
        let information = try all[0].neighbour()
        #expect(information.state == 0x80 && information.index == 4)
        #expect(
            try all[0].attribute(NeighbourAttribute.destination, behind: count) == [10, 9, 0, 9])
        #expect(
            try all[0].attribute(NeighbourAttribute.linkAddress, behind: count)
                == [2, 0, 0, 0, 0, 9])
        #expect(try asker.dump(.getNeighbour, family: NetlinkFamily.inet6).isEmpty)
        // An Ethernet has everybody's address.
        let addresses = try asker.dump(.getAddress, family: NetlinkFamily.inet)
        let last = try #require(addresses.last)
        let everybody = try last.attribute(
            AddressAttribute.broadcast, behind: AddressMessageHeader.byteCount)
        #expect(everybody == [10, 9, 0, 255])
    }

    @Test("A thousand routes come in parts of less than a page, in order, while routes change")
    func parts() throws {
        for number in 0..<1000 {
            let prefix = BareLinks.prefix(.v4(11, UInt8(number / 256), UInt8(number % 256), 0), 24)
            try asker.link.host.addRoute(
                Route(to: prefix, through: BareLinks.peer4, on: asker.link.first))
        }
        try asker.send(Asker.request(.getRoute) { $0.append(NetlinkFamily.inet) })
        #expect(try asker.link.host.readiness(of: asker.id) == [.readable, .writable])
        let first = try #require(try asker.receive())
        #expect(first.count > 2000 && first.count <= 4096)
        // A second question has to wait for the end of the first.
        try asker.send(Asker.request(.getLink, sequence: 8) { $0.append(UInt8(0)) })
        let rest = try asker.answers()
        let busy = rest.filter { $0.type == .error }
        #expect(busy.count == 1 && busy[0].error == -16 && busy[0].sequence == 8)
        #expect(rest.last?.type == .done && rest.count > 900)
        #expect(try asker.link.host.readiness(of: asker.id) == .writable)
    }
}
