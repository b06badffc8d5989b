import Equipment
import Testing
import Wire

@Suite("Rules of the firewall as text")
struct RuleTextTests {
    @Test(
        "a rule is written as it is read",
        arguments: [
            "any", "out", "in tcp", "udp", "icmp", "icmpv6", "47", "out tcp to 10.0.0.0/8",
            "out udp port 53", "in tcp from 192.168.0.0/16 port 8000-8080",
            "out tcp port 443 program curl", "to fd00::/8", "to 192.0.2.1",
            "out udp port 53,67-68 source-port 1024-65535 silently log", "any silently",
        ])
    func roundTrip(text: String) throws {
        let rule = try FirewallRule(text, action: .deny)
        #expect(rule.description == text)
        #expect(try FirewallRule(rule.description, action: .deny) == rule)
    }

    @Test("clauses stand in any order, spaces do not matter, host's bits are cut off")
    func freedom() throws {
        let rule = try FirewallRule(
            "  in\ttcp port 8000-8080   from 192.168.7.9/16 ", action: .allow)
        #expect(rule.description == "in tcp from 192.168.0.0/16 port 8000-8080")
        #expect(rule.action == .allow && rule.direction == .incoming && rule.proto == .tcp)
        #expect(rule.from == IPPrefix("192.168.0.0/16"))
        let reordered = try FirewallRule("log silently program a-long-program-name", action: .deny)
        #expect(reordered.action == .denySilently && reordered.logs)
        #expect(reordered.program == "a-long-program-", "as much as the kernel keeps")
        let every = try FirewallRule("any from any to all", action: .deny)
        #expect(every == FirewallRule(.deny))
    }

    @Test(
        "what is wrong is told with its place, and what was expected",
        arguments: [
            ("", 0, "the rule is empty", "such as 'out tcp to 10.0.0.0/8', or 'any' for all flows"),
            ("   ", 3, "the rule is empty", "such as"),
            ("out tpc to 10.0.0.0/8", 4, "'tpc' is no direction, no protocol", "tcp, udp, icmp"),
            ("otu tcp", 0, "'otu' is no direction, no protocol", "in, out, tcp, udp"),
            ("256", 0, "'256' is no direction, no protocol", "a number up to 255"),
            ("out tcp too 10.0.0.0/8", 8, "'too' is not understood", "from, to, port"),
            ("out tcp to", 10, "'to' says nothing", "an address such as 10.0.0.1"),
            ("out tcp to 10.0.0.0/64", 11, "'10.0.0.0/64' is no address", "10.0.0.0/8"),
            ("out to example.org", 7, "'example.org' is no address", "an address"),
            ("out to 10.0.0.256", 7, "'10.0.0.256' is no address", "an address"),
            ("to fd00::/8 from 10.0.0.0/8", 27, "matches nothing", "addresses of one family"),
            ("icmp to fd00::1", 8, "icmp has no such addresses", "icmpv6"),
            ("icmpv6 from 10.0.0.1", 12, "icmpv6 has no such addresses", "or icmp"),
            ("udp port", 8, "'port' says nothing", "a port such as 53"),
            ("udp port domain", 9, "'domain' is no port", "8000-8080"),
            ("udp port 65536", 9, "'65536' is no port", "a port"),
            ("udp port 1-2-3", 9, "'1-2-3' is no port", "a port"),
            ("udp port 80,", 9, "'80,' is no port", "80,443"),
            ("udp port -80", 9, "'-80' is no port", "a port"),
            ("udp port 90-80", 9, "'90-80' ends before it begins", "a port"),
            ("icmp port 80", 5, "icmp has no ports", "tcp or udp"),
            ("47 source-port 80", 3, "47 has no ports", "tcp or udp"),
            ("tcp port 80 port 81", 12, "'port' stands there twice", "one of each"),
            ("program", 7, "'program' says nothing", "a name such as curl"),
            ("program /usr/bin/curl", 8, "'/usr/bin/curl' is a path", "a name such as curl"),
            ("tcp log log", 8, "'log' stands there twice", "one of each"),
            ("tcp out", 4, "'out' is not understood", "from, to"),
        ] as [(String, Int, String, String)])
    func errors(text: String, position: Int, problem: String, expected: String) throws {
        let error = try #require(throws: FirewallRuleError.self) {
            try FirewallRule(text, action: .deny)
        }
        #expect(error.position == position)
        #expect(error.problem.contains(problem))
        #expect(error.expected.contains(expected))
        #expect(
            error.description
                == "\(error.problem) at column \(position + 1); expected \(error.expected)")
        #expect(error.text == text)
    }

    @Test("'silently' makes no sense where something is allowed")
    func silentAllowance() throws {
        let error = try #require(throws: FirewallRuleError.self) {
            try FirewallRule("out tcp silently", action: .allow)
        }
        #expect(error.position == 8)
        #expect(error.problem == "what is allowed is not denied silently")
    }
}
