import Equipment
import Testing
import Wire

@Suite("What rules of the firewall match")
struct RuleTests {
    /// A packet out of, or into, the fenced host.
    enum Packet {
        case out(String, UInt16 = 40_000)
        case into(String, UInt16)

        func bytes(_ proto: IPProtocol) throws -> ([UInt8], FlowDirection) {
            switch self {
            case .out(let to, let port):
                return (Self.bytes(proto, try Talk(port, to: to)), .outgoing)
            case .into(let from, let port):
                return (Self.bytes(proto, try Talk(from: from, port)), .incoming)
            }
        }

        private static func bytes(_ proto: IPProtocol, _ talk: Talk) -> [UInt8] {
            switch proto {
            case .tcp: talk.tcp(.syn)
            case .udp: talk.udp()
            case .icmp, .icmpv6: talk.echo()
            default: talk.packet(proto, [UInt8](repeating: 0, count: 16))
            }
        }
    }

    @Test(
        "a rule denies what it names, and nothing else",
        arguments: [
            ("any", .tcp, .out("192.0.2.1:80"), true),
            ("any", .udp, .into("[fd00:2::2]:1000", 53), true),
            ("out", .tcp, .out("192.0.2.1:80"), true),
            ("out", .tcp, .into("192.0.2.1:80", 22), false),
            ("in", .tcp, .into("192.0.2.1:80", 22), true),
            ("in", .icmp, .out("192.0.2.1:0"), false),
            ("tcp", .tcp, .out("192.0.2.1:80"), true),
            ("tcp", .udp, .out("192.0.2.1:80"), false),
            ("udp", .udp, .out("[2001:db8::1]:53"), true),
            ("icmp", .icmp, .out("192.0.2.1:0"), true),
            ("icmp", .icmpv6, .out("[2001:db8::1]:0"), false),
            ("icmpv6", .icmpv6, .out("[2001:db8::1]:0"), true),
            ("47", IPProtocol(rawValue: 47), .out("192.0.2.1:0"), true),
            ("47", .tcp, .out("192.0.2.1:0"), false),
            ("sctp port 9", .sctp, .out("192.0.2.1:9"), false),
            ("out tcp to 10.0.0.0/8", .tcp, .out("10.255.255.255:80"), true),
            ("out tcp to 10.0.0.0/8", .tcp, .out("11.0.0.0:80"), false),
            ("out tcp to 10.0.0.0/8", .tcp, .out("[2001:db8::1]:80"), false),
            ("out to 192.0.2.7", .udp, .out("192.0.2.7:53"), true),
            ("out to 192.0.2.7", .udp, .out("192.0.2.6:53"), false),
            ("out to fd00:9::/32", .tcp, .out("[fd00:9:1::1]:80"), true),
            ("out to fd00:9::/32", .tcp, .out("[fd00:8::1]:80"), false),
            ("out to ::/0", .tcp, .out("192.0.2.1:80"), false),
            ("in from 192.168.0.0/16", .tcp, .into("192.168.7.7:1", 80), true),
            ("in from 192.168.0.0/16", .tcp, .into("192.169.0.0:1", 80), false),
            ("out udp port 53", .udp, .out("192.0.2.1:53"), true),
            ("out udp port 53", .udp, .out("192.0.2.1:54"), false),
            ("in tcp port 8000-8080", .tcp, .into("192.0.2.1:1", 8000), true),
            ("in tcp port 8000-8080", .tcp, .into("192.0.2.1:1", 8080), true),
            ("in tcp port 8000-8080", .tcp, .into("192.0.2.1:8001", 8081), false),
            ("in tcp port 80,443,8000-8080", .tcp, .into("192.0.2.1:1", 443), true),
            ("in tcp port 80,443,8000-8080", .tcp, .into("192.0.2.1:1", 444), false),
            ("port 80", .icmp, .out("192.0.2.1:80"), false),
            ("out source-port 1000", .udp, .out("192.0.2.1:53", 1000), true),
            ("out source-port 1000", .udp, .out("192.0.2.1:1000", 1001), false),
        ] as [(String, IPProtocol, Packet, Bool)])
    func matches(rule: String, proto: IPProtocol, packet: Packet, isDenied: Bool) throws {
        var fence = try Fence("deny " + rule)
        let (bytes, direction) = try packet.bytes(proto)
        let passes = try fence.passes(bytes, direction)
        #expect(passes != isDenied)
        let counted = fence.firewall.traffic[isDenied ? 0 : 1].packets
        #expect(counted == 1)
    }

    @Test("the first rule that matches decides; with one that allows, nothing else passes")
    func order() throws {
        var fence = try Fence(
            "allow out tcp to 10.1.0.0/16", "deny out tcp to 10.0.0.0/8", "allow out tcp")
        let verdicts = [
            try fence.out(try Talk(to: "10.1.2.3:80").tcp(.syn)),
            try fence.out(try Talk(to: "10.2.2.3:80").tcp(.syn)),
            try fence.out(try Talk(to: "192.0.2.1:80").tcp(.syn)),
            try fence.out(try Talk(to: "10.0.2.3:53").udp()),
            try fence.into(try Talk(from: "10.1.2.3:80", 22).tcp(.syn)),
        ]
        #expect(verdicts == [true, false, true, false, false])
        let counts = fence.firewall.traffic.map(\.packets)
        #expect(counts == [1, 1, 1, 2])
        let udp = try fence.judge(try Talk(to: "10.0.2.3:53").udp(), .outgoing)
        guard case .drop(let denial) = udp else {
            Issue.record("it passed")
            return
        }
        #expect(denial.reason == .notAllowed && denial.answers)
        let text = fence.firewall.text(of: denial)
        #expect(text == "denied: no rule allows it")
    }

    @Test("without a rule that allows, everything passes that none denies")
    func defaultAllows() throws {
        var fence = try Fence("deny out udp port 53")
        let tcp = try fence.out(try Talk(to: "192.0.2.1:53").tcp(.syn))
        let incoming = try fence.into(try Talk(from: "192.0.2.1:9", 80).tcp(.syn))
        let dns = try fence.judge(try Talk(to: "192.0.2.1:53").udp(), .outgoing)
        #expect(tcp && incoming)
        guard case .drop(let denial) = dns else {
            Issue.record("it passed")
            return
        }
        let text = fence.firewall.text(of: denial)
        #expect(text == "denied by rule 1: out udp port 53")
    }

    @Test("a program is asked for once a flow, and only where a rule wants it")
    func programs() throws {
        var fence = try Fence("deny out tcp program curl port 443", "deny udp log")
        fence.programs = [1000: "curl", 1001: "wget", 1002: "curl"]
        let curl = try Talk(1000, to: "192.0.2.1:443")
        let denied = try fence.out(curl.tcp(.syn))
        let again = try fence.out(curl.tcp(.syn))
        let wget = try fence.out(try Talk(1001, to: "192.0.2.1:443").tcp(.syn))
        #expect(!denied && !again && wget)
        var questions = fence.questions
        #expect(questions == 2)
        let otherPort = try fence.out(try Talk(1002, to: "192.0.2.1:80").tcp(.syn))
        let unknown = try fence.out(try Talk(1009, to: "192.0.2.1:443").tcp(.syn))
        #expect(otherPort && unknown)
        questions = fence.questions
        #expect(questions == 3, "the rule of port 443 does not ask about port 80")
        _ = try fence.out(try Talk(1000, to: "192.0.2.1:53").udp())
        let first = fence.firewall.nextEvent()
        let event = try #require(first)
        #expect(event.program == "curl")
    }

    @Test("a rule with 'log' tells of each flow once")
    func log() throws {
        var fence = try Fence("deny out tcp to 10.0.0.0/8 log", "deny udp")
        fence.wait(.seconds(3))
        for _ in 0..<3 { _ = try fence.out(try Talk(to: "10.9.9.9:80").tcp(.syn)) }
        _ = try fence.out(try Talk(to: "10.9.9.9:80").udp())
        let first = fence.firewall.nextEvent()
        let event = try #require(first)
        #expect(!event.isAllowed && event.rule == 0 && event.time == fence.now)
        #expect(
            event.description
                == "denied out tcp 10.0.2.15:40000 > 10.9.9.9:80 (out tcp to 10.0.0.0/8 log)")
        let next = fence.firewall.nextEvent()
        #expect(next == nil)
    }

    @Test("events that nobody takes are bounded, and counted")
    func eventLimit() throws {
        var fence = try Fence("deny out log", flowLimit: 16)
        for port in 1...1100 as ClosedRange<UInt16> {
            _ = try fence.out(try Talk(port, to: "192.0.2.1:80").udp())
        }
        var events = 0
        while fence.firewall.nextEvent() != nil { events += 1 }
        let lost = fence.firewall.counters.lostEvents
        #expect(events == 1024 && lost == 76)
    }
}
