import Memory
import Testing
import Wire

@testable import Stack

/// Requests that are short, long, strange or none, as Linux 6.18 answers them.
@Suite("Requests to the host") struct RequestTests {
    private let asker = Asker(.route)
    private let capped = 16 + 4

    private func error(_ request: [UInt8]) throws -> Int32? {
        try asker.send(request)
        let answers = try asker.answers()
        #expect(answers.count <= 1)
        guard let answer = answers.first, answer.type == .error else { return nil }
        return answer.error
    }

    @Test("What is not known is not supported; what is not whole goes unanswered")
    func strange() throws {
        let link = LinkMessageHeader()
        for type: UInt16 in [16, 17, 19, 20, 22, 99, 9999] {
            let request = Asker.request(NetlinkType(rawValue: type), .request) {
                link.write(to: &$0)
            }
            #expect(try error(request) == -95)
        }
        let good = Asker.request(.getLink) { link.write(to: &$0) }
        for count in 0..<good.count { #expect(try error(Array(good[..<count])) == nil) }
        for length: [UInt8] in [[8, 0, 0, 0], [33, 0, 0, 0], [255, 255, 255, 255]] {
            #expect(try error(length + good[4...]) == nil)
        }
        #expect(try asker.answers().isEmpty)
        // No request, and a message of the mechanism itself: nothing to answer.
        try asker.send(Asker.request(.getLink, []) { link.write(to: &$0) })
        try asker.send(Asker.request(.done, .request) { link.write(to: &$0) })
        #expect(try asker.answers().isEmpty)
        // An attribute that is not whole.
        let bad = Asker.request(.getLink, .request) {
            link.write(to: &$0)
            $0.append(UInt32(0x0001_00FF))
        }
        #expect(try error(bad) == -22)
    }

    @Test("Success is told to who asks for it, with the header of the request alone")
    func acknowledgment() throws {
        try asker.send(Asker.request(NetlinkType(rawValue: 2), [.request, .acknowledge]) { _ in })
        try asker.send(Asker.request(.getLink, [.request, .acknowledge]) { _ in })
        for answer in try asker.answers() {
            #expect(answer.type == .error && answer.error == 0 && answer.flags == .capped)
            #expect(answer.payload.count == capped)
        }
        // Errors quote all, or the header where that is wanted.
        let wrong = Asker.request(NetlinkType(rawValue: 99), .request) { $0.append(UInt32(1)) }
        try asker.send(wrong)
        _ = try asker.link.host.setNetlinkOption(asker.id, 10, true)
        try asker.send(wrong)
        let errors = try asker.answers()
        #expect(errors.map(\.payload.count) == [capped + 4, capped])
        #expect(errors.map(\.flags) == [[], .capped])
    }

    @Test("Several requests in a datagram are answered one after the other")
    func several() throws {
        let link = LinkMessageHeader()
        var requests: [UInt8] = []
        for number in 0..<5 {
            requests += Asker.request(
                NetlinkType(rawValue: 99), .request, sequence: UInt32(number)
            ) { link.write(to: &$0) }
        }
        try asker.send(requests + [1, 2, 3])
        #expect(try asker.answers().map(\.sequence) == [0, 1, 2, 3, 4])
    }

    @Test("Who does not read loses answers and learns of it")
    func overrun() throws {
        let wrong = Asker.request(NetlinkType(rawValue: 99), .request) { $0.append(zeros: 4000) }
        for _ in 0..<100 { try asker.send(wrong) }
        #expect(try asker.link.host.readiness(of: asker.id).contains(.error))
        #expect(throws: StackError.noBufferSpace) { try asker.receive() }
        #expect(try asker.answers().count == 52)
    }

    @Test("An endpoint gets a port of its own, its process's if that is free")
    func names() throws {
        asker.link.host.credentials = Credentials(processID: 1234)
        #expect(try asker.link.host.netlinkName(of: asker.id).portID == 0)
        try asker.send([])
        #expect(try asker.link.host.netlinkName(of: asker.id).portID == 1234)
        let second = asker.link.host.open(.netlink(.route))
        try asker.link.host.bind(second, toPort: 0, groups: 0x11)
        let name = try asker.link.host.netlinkName(of: second)
        #expect(name.portID == UInt32(bitPattern: -4097) && name.groups == 0x11)
        #expect(throws: StackError.invalidArgument) {
            try asker.link.host.bind(second, toPort: 5, groups: 0)
        }
        let third = asker.link.host.open(.netlink(.route))
        #expect(throws: StackError.addressInUse) {
            try asker.link.host.bind(third, toPort: 1234, groups: 0)
        }
        // Each protocol has its own ports.
        let other = asker.link.host.open(.netlink(.diagnosis))
        try asker.link.host.bind(other, toPort: 1234, groups: 0)
        #expect(throws: StackError.connectionRefused) {
            try asker.link.host.sendRequests(third, [1].span, toPort: 77)
        }
        #expect(throws: StackError.invalidArgument) {
            try asker.link.host.setMembership(third, true, inGroup: 65)
        }
    }

    @Test("Members of a group are told of addresses that come and go")
    func announcements() throws {
        let host = asker.link
        try host.host.setMembership(asker.id, true, inGroup: 5)
        let prefix = BareLinks.prefix(.v4(10, 7, 9, 9), 16)
        try host.host.addAddress(prefix, on: host.first)
        try host.host.addAddress(
            BareLinks.prefix(BareLinks.address("2001:db8:7::9"), 64), on: host.first)
        while let ready = host.host.nextReady() {
            if ready.endpoint == asker.id { #expect(ready.events == .readable) }
        }
        let came = try asker.answers()
        #expect(came.map(\.type) == [.newAddress])
        let local = try came[0].attribute(
            AddressAttribute.local, behind: AddressMessageHeader.byteCount)
        #expect(local == [10, 7, 9, 9])
        // The second of its network.
        #expect(try came[0].address().flags & 1 == 1)
        try host.host.removeAddress(prefix.address, on: host.first)
        while host.host.nextReady() != nil {}
        #expect(try asker.answers().map(\.type) == [.deleteAddress])
        try host.host.close(asker.id)
        try host.host.addAddress(prefix, on: host.first)
        let count = host.host.network.addressChanges.count
        #expect(count == 0)
    }
}
