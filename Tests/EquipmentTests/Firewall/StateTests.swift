import Equipment
import Stack
import Testing
import Wire

@Suite("Flows that the firewall remembers", .serialized)
struct StateTests {
    /// Only what the host begins may pass.
    static let oneWay = "allow out"

    @Test(
        "answers to a connection pass, both families",
        arguments: ["192.0.2.1:80", "[2001:db8::1]:80"])
    func answers(peer: String) throws {
        var fence = try Fence(Self.oneWay)
        let talk = try Talk(to: peer)
        let unasked = try fence.into(talk.reversed.tcp([.syn, .ack]))
        #expect(!unasked, "nobody asked")
        // What was refused is not asked again for a while.
        fence.wait(.seconds(11))
        let steps = [
            try fence.out(talk.tcp(.syn)),
            try fence.into(talk.reversed.tcp([.syn, .ack], sequence: 9, acknowledgment: 1001)),
            try fence.out(talk.tcp(.ack, sequence: 1001, acknowledgment: 10)),
            try fence.into(talk.reversed.tcp(.ack, sequence: 10, acknowledgment: 1001, text: 100)),
        ]
        #expect(steps == [true, true, true, true])
        let other = try fence.into(try Talk(40_001, to: peer).reversed.tcp(.ack))
        #expect(!other, "another port")
    }

    /// A connection up to `ESTABLISHED`.
    private func connect(_ fence: inout Fence, _ talk: Talk) throws {
        _ = try fence.out(talk.tcp(.syn))
        _ = try fence.into(talk.reversed.tcp([.syn, .ack], sequence: 9, acknowledgment: 1001))
        _ = try fence.out(talk.tcp(.ack, sequence: 1001, acknowledgment: 10))
    }

    /// Whether the peer's segments still pass after so many seconds of silence, and not after one more.
    private func lives(_ fence: inout Fence, _ talk: Talk, seconds: Int) throws -> Bool {
        fence.wait(.seconds(seconds) - .nanoseconds(1))
        fence.firewall.advance(to: fence.now)
        let before = fence.firewall.flowCount
        fence.wait(.nanoseconds(1))
        fence.firewall.advance(to: fence.now)
        let after = fence.firewall.flowCount
        let passes = try fence.into(talk.reversed.tcp(.ack, sequence: 10, acknowledgment: 1001))
        return before == 1 && after == 0 && !passes
    }

    @Test("a SYN without answer is remembered for 120 s, its answer for 60 s")
    func opening() throws {
        let talk = try Talk(to: "192.0.2.1:80")
        var fence = try Fence(Self.oneWay)
        _ = try fence.out(talk.tcp(.syn))
        let syn = try lives(&fence, talk, seconds: 120)
        #expect(syn)
        fence = try Fence(Self.oneWay)
        _ = try fence.out(talk.tcp(.syn))
        _ = try fence.into(talk.reversed.tcp([.syn, .ack], sequence: 9, acknowledgment: 1001))
        let answered = try lives(&fence, talk, seconds: 60)
        #expect(answered)
    }

    @Test("an open connection is remembered for five days, and each segment begins them anew")
    func open() throws {
        let talk = try Talk(to: "192.0.2.1:80")
        var fence = try Fence(Self.oneWay)
        try connect(&fence, talk)
        fence.wait(.seconds(400_000))
        let passes = try fence.into(talk.reversed.tcp(.ack, sequence: 10, acknowledgment: 1001))
        #expect(passes)
        let lives = try lives(&fence, talk, seconds: 432_000)
        #expect(lives)
    }

    @Test("a connection that closes is remembered for as long as each of its states")
    func closing() throws {
        let talk = try Talk(to: "192.0.2.1:80")
        let fin = talk.tcp([.fin, .ack], sequence: 1001, acknowledgment: 10)
        let finAcknowledged = talk.reversed.tcp(.ack, sequence: 10, acknowledgment: 1002)
        let finBack = talk.reversed.tcp([.fin, .ack], sequence: 10, acknowledgment: 1002)
        let last = talk.tcp(.ack, sequence: 1002, acknowledgment: 11)

        var fence = try Fence(Self.oneWay)
        try connect(&fence, talk)
        _ = try fence.out(fin)
        let finWait = try lives(&fence, talk, seconds: 120)

        fence = try Fence(Self.oneWay)
        try connect(&fence, talk)
        _ = try fence.out(fin)
        _ = try fence.into(finAcknowledged)
        let closeWait = try lives(&fence, talk, seconds: 60)

        fence = try Fence(Self.oneWay)
        try connect(&fence, talk)
        _ = try fence.out(fin)
        _ = try fence.into(finBack)
        let lastAck = try lives(&fence, talk, seconds: 30)

        fence = try Fence(Self.oneWay)
        try connect(&fence, talk)
        _ = try fence.out(fin)
        _ = try fence.into(finBack)
        _ = try fence.out(last)
        let timeWait = try lives(&fence, talk, seconds: 120)
        #expect([finWait, closeWait, lastAck, timeWait] == [true, true, true, true])
    }

    @Test("a reset ends a connection within 10 s; one from before what was acknowledged does not")
    func resets() throws {
        let talk = try Talk(to: "192.0.2.1:80")
        var fence = try Fence(Self.oneWay)
        try connect(&fence, talk)
        _ = try fence.into(talk.reversed.tcp(.rst, sequence: 9))
        fence.wait(.seconds(100))
        let survives = try fence.into(
            talk.reversed.tcp(.ack, sequence: 10, acknowledgment: 1001))
        #expect(survives)
        _ = try fence.into(talk.reversed.tcp(.rst, sequence: 10))
        let ends = try lives(&fence, talk, seconds: 10)
        #expect(ends)
    }

    @Test("a connection with the same name is judged anew once the last one is over")
    func reopening() throws {
        var fence = try Fence("allow out log")
        let talk = try Talk(to: "192.0.2.1:80")
        try connect(&fence, talk)
        _ = try fence.out(talk.tcp(.rst, sequence: 1001))
        let again = try fence.out(talk.tcp(.syn, sequence: 5000))
        #expect(again)
        // The other side may not begin in its place.
        _ = try fence.out(talk.tcp(.rst, sequence: 5001))
        let fromOutside = try fence.into(talk.reversed.tcp(.syn, sequence: 7))
        #expect(!fromOutside)
        var events = 0
        while fence.firewall.nextEvent() != nil { events += 1 }
        #expect(events == 2)
    }

    @Test("datagrams are remembered for 30 s, once answered for 120 s")
    func datagrams() throws {
        var fence = try Fence(Self.oneWay)
        let talk = try Talk(to: "192.0.2.1:53")
        _ = try fence.out(talk.udp())
        fence.wait(.seconds(30))
        let late = try fence.into(talk.reversed.udp())
        #expect(!late)
        fence.wait(.seconds(11))
        _ = try fence.out(talk.udp())
        fence.wait(.seconds(29))
        let answer = try fence.into(talk.reversed.udp())
        fence.wait(.seconds(119))
        let stream = try fence.into(talk.reversed.udp())
        fence.wait(.seconds(120))
        let over = try fence.into(talk.reversed.udp())
        #expect(answer && stream && !over)
    }

    @Test(
        "an echo reply belongs to the request with its identifier",
        arguments: ["192.0.2.1:0", "[2001:db8::1]:0"])
    func echoes(peer: String) throws {
        var fence = try Fence(Self.oneWay)
        let talk = try Talk(to: peer)
        let request = try fence.out(talk.echo(8))
        let reply = try fence.into(talk.reversed.echo(8, reply: true))
        let other = try fence.into(talk.reversed.echo(9, reply: true))
        let back = try fence.into(talk.reversed.echo(8))
        #expect(request && reply && !other && !back)
        fence.wait(.seconds(30))
        let late = try fence.into(talk.reversed.echo(8, reply: true))
        #expect(!late)
    }

    @Test("an ICMP error passes with the flow that it is about, from the other side only")
    func errors() throws {
        var fence = try Fence(Self.oneWay)
        let (talk, other) = (try Talk(to: "192.0.2.1:80"), try Talk(50_000, to: "192.0.2.1:80"))
        _ = try fence.out(talk.udp())
        let router = try Talk(from: "198.51.100.1:0", 0)
        let related = try fence.into(router.icmp(type: 3, code: 1, quoting: talk.udp()))
        let unrelated = try fence.into(router.icmp(type: 3, code: 1, quoting: other.udp()))
        let backwards = try fence.into(
            router.icmp(type: 3, code: 1, quoting: talk.reversed.udp()))
        #expect(related && !unrelated && !backwards)
        let count = fence.firewall.counters.related
        #expect(count == 1)

        let v6 = try Talk(to: "[2001:db8::1]:80")
        _ = try fence.out(v6.tcp(.syn))
        let routerV6 = try Talk(from: "[2001:db8::99]:0", 0)
        let tooBig = try fence.into(
            routerV6.icmp(type: 2, rest: 1280, quoting: v6.tcp(.syn)))
        let strange = try fence.into(
            routerV6.icmp(type: 2, rest: 1280, quoting: v6.reversed.tcp(.syn)))
        #expect(tooBig && !strange)
    }

    @Test("the answer to an error is none, whatever the rules say")
    func errorsAreNotAnswered() throws {
        var fence = try Fence("deny in")
        let router = try Talk(from: "198.51.100.1:0", 0)
        let verdict = try fence.judge(
            router.icmp(type: 3, code: 1, quoting: try Talk(to: "192.0.2.1:80").udp()), .incoming)
        guard case .drop(let denial) = verdict else {
            Issue.record("it passed")
            return
        }
        #expect(!denial.answers)
    }

    @Test("a packet that bears the name of a flow from the wrong side is dropped")
    func spoofed() throws {
        var fence = try Fence(Self.oneWay)
        let talk = try Talk(to: "192.0.2.1:53")
        _ = try fence.out(talk.udp())
        let verdict = try fence.judge(talk.udp(), .incoming)
        guard case .drop(let denial) = verdict else {
            Issue.record("it passed")
            return
        }
        #expect(denial.reason == .wrongSide)
    }

    @Test("a full table forgets what matters least, and never an open connection for a new flow")
    func fullTable() throws {
        var fence = try Fence("allow out", "deny in", flowLimit: 4)
        let talks = try (1...4).map { try Talk(to: "192.0.2.\($0):80") }
        for talk in talks[0..<3] { try connect(&fence, talk) }
        _ = try fence.out(talks[3].udp())
        let another = try Talk(to: "192.0.2.9:53")
        let second = try fence.out(another.udp())
        #expect(second, "the datagram without answer goes")
        let forgotten = try fence.into(talks[3].reversed.udp())
        #expect(!forgotten)
        let counters = fence.firewall.flowCounters
        #expect(counters.evicted >= 1)
        // Four open ones: nothing can go.
        try connect(&fence, talks[3])
        let verdict = try fence.judge(try Talk(to: "192.0.2.8:80").tcp(.syn), .outgoing)
        guard case .drop(let denial) = verdict else {
            Issue.record("it passed")
            return
        }
        #expect(denial.reason == .tableFull && !denial.answers)
        for talk in talks[0..<3] {
            let lives = try fence.into(
                talk.reversed.tcp(.ack, sequence: 10, acknowledgment: 1001))
            #expect(lives)
        }
    }

    @Test("a flood from outside that is denied does not push out what lives")
    func flood() throws {
        var fence = try Fence("allow out", "deny in", flowLimit: 64)
        let talk = try Talk(to: "192.0.2.1:80")
        try connect(&fence, talk)
        for port in 1...5000 as ClosedRange<UInt16> {
            let passes = try fence.into(try Talk(from: "203.0.113.9:\(port)", 22).tcp(.syn))
            #expect(!passes)
        }
        let lives = try fence.into(talk.reversed.tcp(.ack, sequence: 10, acknowledgment: 1001))
        let count = fence.firewall.flowCount
        #expect(lives && count <= 64)
    }
}
