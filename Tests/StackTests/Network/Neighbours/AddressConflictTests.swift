import Memory
import Testing
import Wire

@testable import Stack

/// IPv4 addresses that somebody else uses too.
@Suite("Address conflicts (RFC 5227)") struct AddressConflictTests {
    private func checking() -> TestLink {
        TestLink(addresses: ["10.7.0.1/16"]) { $0.detectsDuplicates = true }
    }

    private var address: IPAddress { IPAddress(TestLink.host4) }

    @Test("Three probes from nobody, then two announcements (§2.1.1, §2.3)")
    func probes() throws {
        let link = checking()
        #expect(link.host.addresses(of: link.interface).first?.state == .tentative)
        link.wait(.seconds(7))
        for _ in 0..<3 {
            let probe = try #require(link.takeARP())
            #expect(probe.message.senderProtocolAddress.isUnspecified)
            #expect(probe.message.targetProtocolAddress == TestLink.host4)
            #expect(probe.message.targetHardwareAddress == .zero)
            #expect(probe.destination == .broadcast)
        }
        #expect(link.host.addresses(of: link.interface).first?.state == .preferred)
        link.wait(.seconds(5))
        for _ in 0..<2 {
            let announcement = try #require(link.takeARP())
            #expect(announcement.message.operation == .request)
            #expect(announcement.message.senderProtocolAddress == TestLink.host4)
            #expect(announcement.message.targetProtocolAddress == TestLink.host4)
        }
        link.wait(.seconds(100))
        #expect(link.isSilent)
        #expect(link.host.nextDeadline == .never)
    }

    @Test("While it is probed the address is neither answered for nor received on (§2.1.1)")
    func tentative() {
        let link = checking()
        link.injectARP(.request, sender: TestLink.peer4, target: TestLink.host4)
        #expect(link.takeARP() == nil)
    }

    @Test(
        "A packet of any kind from the address, or another probe for it, is a conflict (§2.1.1)",
        arguments: [0, 1, 2])
    func conflict(kind: Int) {
        let link = checking()
        link.wait(.seconds(1))
        switch kind {
        case 0: link.injectARP(.reply, sender: TestLink.host4, target: TestLink.peer4)
        case 1: link.injectARP(.request, sender: TestLink.host4, target: TestLink.host4)
        default:
            link.injectARP(.request, sender: .unspecified, target: TestLink.host4)
        }
        #expect(link.host.addresses(of: link.interface).first?.state == .duplicate)
        #expect(link.host.counters[.addressesDuplicate] == 1)
        link.discardSent()
        link.wait(.seconds(30))
        #expect(link.isSilent)
        link.injectARP(.request)
        #expect(link.isSilent)
    }

    @Test("An address in use is defended once in ten seconds at most (§2.4 (c))")
    func defence() throws {
        let link = TestLink()
        link.injectARP(.reply, sender: TestLink.host4, target: TestLink.peer4)
        let announcement = try #require(link.takeARP())
        #expect(announcement.message.senderProtocolAddress == TestLink.host4)
        #expect(announcement.destination == .broadcast)
        for _ in 0..<100 {
            link.wait(.milliseconds(90))
            link.injectARP(.request, sender: TestLink.host4, target: TestLink.host4)
        }
        #expect(link.takeARP() == nil)
        link.wait(.seconds(10))
        link.injectARP(.reply, sender: TestLink.host4, target: TestLink.peer4)
        #expect(link.takeARP() != nil)
        #expect(link.host.counters[.addressesDefended] == 2)
        #expect(link.host.counters[.arpConflict] == 102)
        #expect(link.host.neighbours.isEmpty)
    }

    @Test("A probe for an address in use is answered (§2.4)")
    func probed() throws {
        let link = TestLink()
        link.injectARP(.request, sender: .unspecified)
        let reply = try #require(link.takeARP())
        #expect(reply.message.operation == .reply)
        #expect(reply.message.senderProtocolAddress == TestLink.host4)
        #expect(reply.destination == TestLink.peerMAC)
        #expect(link.host.neighbours.isEmpty)
    }

    @Test("An address that is added later is told to everybody (§3)")
    func announcement() throws {
        let link = TestLink()
        #expect(link.isSilent)
        try link.host.addAddress(prefix("10.7.0.5/16"), on: link.interface)
        link.collect()
        let announcement = try #require(link.takeARP())
        #expect(announcement.message.senderProtocolAddress == IPv4Address(10, 7, 0, 5))
        #expect(announcement.message.targetProtocolAddress == IPv4Address(10, 7, 0, 5))
        link.wait(.seconds(3))
        #expect(link.takeARP() != nil)
        #expect(link.isSilent && link.host.nextDeadline == .never)
    }

    @Test("The addresses that an interface is made with are told of on request")
    func configured() {
        let link = TestLink { $0.announcesAddresses = true }
        #expect(link.takeARP()?.message.senderProtocolAddress == TestLink.host4)
        #expect(link.take(.neighbourAdvertisement)?.address() == TestLink.host)
    }
}
