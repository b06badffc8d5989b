import Equipment
import Stack
import Testing
import Wire

@Suite("Fragments, and packets that mean no good")
struct FragmentAndHostileTests {
    @Test("later fragments follow the first", arguments: ["192.0.2.1:53", "[2001:db8::1]:53"])
    func followFirst(peer: String) throws {
        var fence = try Fence("deny out udp port 53")
        let dns = try Talk(to: peer)
        let headers = dns.from.address.isIPv4 ? 20 : 40
        let denied = Array(dns.udp(1000)[headers...])
        var other = dns
        other.to.port = 54
        let allowed = Array(other.udp(1000)[headers...])
        let part = [UInt8](repeating: 7, count: 512)
        let verdicts = [
            try fence.out(
                dns.fragment(
                    .udp, Array(denied[..<512]), offset: 0, more: true, identification: 1)),
            try fence.out(dns.fragment(.udp, part, offset: 512, more: false, identification: 1)),
            try fence.out(
                other.fragment(
                    .udp, Array(allowed[..<512]), offset: 0, more: true, identification: 2)),
            try fence.out(dns.fragment(.udp, part, offset: 512, more: true, identification: 2)),
            try fence.out(dns.fragment(.udp, part, offset: 1024, more: false, identification: 2)),
        ]
        #expect(verdicts == [false, false, true, true, true])
    }

    @Test("a fragment without a first is dropped and counted, and so is one that comes too late")
    func strays() throws {
        var fence = try Fence("deny in")
        let talk = try Talk(to: "192.0.2.1:53")
        let part = [UInt8](repeating: 7, count: 512)
        let stray = talk.fragment(.udp, part, offset: 512, more: false, identification: 9)
        let verdict = try fence.judge(stray, .outgoing)
        guard case .drop(let denial) = verdict else {
            Issue.record("it passed")
            return
        }
        #expect(denial.reason == .strayFragment && !denial.answers)
        let first = Array(talk.udp(1000)[20..<532])
        let passes = try fence.out(
            talk.fragment(.udp, first, offset: 0, more: true, identification: 9))
        let follows = try fence.out(stray)
        fence.wait(.seconds(60))
        let late = try fence.out(stray)
        let strays = fence.firewall.counters.strayFragments
        #expect(passes && follows && !late && strays == 2)
    }

    @Test("a second first fragment does not lift what was decided on the first")
    func secondFirst() throws {
        var fence = try Fence("deny out udp port 53")
        let dns = try Talk(to: "192.0.2.1:53")
        var web = dns
        web.to.port = 80
        let part = [UInt8](repeating: 7, count: 512)
        _ = try fence.out(
            dns.fragment(
                .udp, Array(dns.udp(600)[20..<532]), offset: 0, more: true, identification: 3))
        _ = try fence.out(
            web.fragment(
                .udp, Array(web.udp(600)[20..<532]), offset: 0, more: true, identification: 3))
        let rest = try fence.out(
            dns.fragment(.udp, part, offset: 512, more: false, identification: 3))
        #expect(!rest)
    }

    @Test("headers that are cut apart into two fragments are dropped")
    func tinyFragments() throws {
        var fence = try Fence("deny out tcp port 23")
        let talk = try Talk(to: "192.0.2.1:80")
        let segment = Array(talk.tcp(.syn)[20...])
        let tiny = try fence.out(
            talk.fragment(.tcp, Array(segment[..<8]), offset: 0, more: true, identification: 4))
        let first = try fence.out(
            talk.fragment(.tcp, segment, offset: 0, more: true, identification: 5))
        // It would lie over the flags of the first.
        let overlapping = try fence.out(
            talk.fragment(.tcp, Array(segment[8...]), offset: 8, more: false, identification: 5))
        let malformed = fence.firewall.counters.malformed
        #expect(!tiny && first && !overlapping && malformed == 2)
    }

    @Test("neighbour discovery and group membership pass every fence; what only looks so does not")
    func housekeeping() throws {
        var fence = try Fence("deny any")
        var talk = try Talk(to: "[ff02::1:ff00:2]:0")
        for type in [133, 134, 135, 136, 137] as [UInt8] {
            let passes = try fence.out(talk.icmp(type: type, hopLimit: 255))
            let routed = try fence.out(talk.icmp(type: type, hopLimit: 64))
            #expect(passes && !routed)
        }
        let report = try fence.out(talk.icmp(type: 143, hopLimit: 1))
        talk = try Talk(to: "224.0.0.22:0")
        let igmp = try fence.out(
            talk.packet(.igmp, [UInt8](repeating: 0, count: 8), hopLimit: 1))
        let routedIGMP = try fence.out(
            talk.packet(.igmp, [UInt8](repeating: 0, count: 8), hopLimit: 64))
        #expect(report && igmp && !routedIGMP)
        var frame = [UInt8](repeating: 0, count: 42)
        (frame[12], frame[13]) = (0x08, 0x06)
        let arp = try makePacket(frame, headCount: 42, from: fence.pools)
        let verdict = fence.firewall.judge(
            arp, .outgoing, networkOffset: 14, at: .zero, program: { _, _ in nil })
        #expect(verdict == .pass)
    }

    @Test("every prefix of every packet is judged without harm, and none passes a fence of tcp")
    func cutPackets() throws {
        let talks = [try Talk(to: "192.0.2.1:80"), try Talk(to: "[2001:db8::1]:80")]
        for talk in talks {
            let syn = talk.tcp(.syn, text: 20)
            let error = talk.reversed.icmp(type: talk.from.address.isIPv4 ? 3 : 1, quoting: syn)
            for whole in [syn, talk.udp(), talk.echo(), error] {
                for count in 0...whole.count {
                    var fence = try Fence("deny any")
                    for ethernet in [false, true] {
                        let bytes = (ethernet ? frameHeader(talk) : []) + whole[..<count]
                        let packet = try makePacket(
                            bytes, headCount: bytes.count, from: fence.pools)
                        let verdict = fence.firewall.judge(
                            packet, .incoming, networkOffset: ethernet ? 14 : 0, at: .zero,
                            program: { _, _ in nil })
                        #expect(verdict != .pass)
                        _ = Rejection.packet(
                            answering: packet, networkOffset: ethernet ? 14 : 0, from: fence.pools)
                    }
                }
            }
        }
    }

    @Test("packets of arbitrary bytes are judged without harm")
    func arbitraryBytes() throws {
        var random = RandomSource(seed: 3, 4)
        var fence = try Fence("deny out tcp port 23 log", "allow in udp", flowLimit: 32)
        for number in 0..<20_000 {
            var bytes = (0..<Int(random.next(below: 120))).map { _ in
                UInt8(truncatingIfNeeded: random.next())
            }
            if bytes.count > 9 {
                bytes[0] = number & 1 == 0 ? 0x45 : 0x60
                bytes[number & 1 == 0 ? 9 : 6] = [1, 6, 17, 44, 58, 0][number % 6]
                if number & 1 == 0 { (bytes[2], bytes[3]) = (0, UInt8(bytes.count)) }
                if number & 1 == 1 { (bytes[4], bytes[5]) = (0, UInt8(max(0, bytes.count - 40))) }
            }
            let direction: FlowDirection = number & 2 == 0 ? .outgoing : .incoming
            _ = try fence.judge(bytes, direction)
            _ = try fence.answer(to: bytes)
            fence.wait(.milliseconds(Int(random.next(below: 500))))
        }
        let count = fence.firewall.flowCount
        #expect(count <= 32)
        let free = fence.pools.available
        #expect(free.frames == 64 && free.controls == 64)
    }

    private func frameHeader(_ talk: Talk) -> [UInt8] {
        let type: [UInt8] = talk.from.address.isIPv4 ? [0x08, 0x00] : [0x86, 0xDD]
        return [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2] + type
    }
}
