import Equipment
import Stack
import Testing
import Wire

@testable import SockeyeCommand

@Suite("What --isolate leaves of the machine")
struct IsolationTests {
    private static let gateway = IPAddress.v4(10, 0, 2, 2)

    private func allows(
        _ rules: [(String, FirewallRule.Action)], _ kind: EndpointKind, _ text: String
    ) throws -> Bool {
        let isolation = Isolation(
            try rules.map { try FirewallRule($0.0, action: $0.1) }, gateway: [Self.gateway])
        return isolation.allows(kind, try #require(SocketAddress(text)))
    }

    @Test(
        "its loopback and the gateway that stands for it are out of reach, all else is not",
        arguments: [
            ("127.0.0.1:80", false), ("127.9.9.9:80", false), ("[::1]:80", false),
            ("10.0.2.2:80", false), ("192.0.2.1:80", true), ("[2001:db8::1]:80", true),
        ])
    func machine(text: String, isAllowed: Bool) throws {
        let allowed = try allows([], .stream, text)
        #expect(allowed == isAllowed)
    }

    @Test("what a rule allows is reached, what none names is not")
    func exceptions() throws {
        let rules: [(String, FirewallRule.Action)] = [
            ("out tcp to 10.0.2.2 port 80-81", .allow), ("in tcp port 22", .allow),
            ("out udp", .deny),
        ]
        let cases: [(EndpointKind, String, Bool)] = [
            (.stream, "10.0.2.2:80", true), (.stream, "10.0.2.2:82", false),
            (.datagram, "10.0.2.2:80", false), (.stream, "127.0.0.1:80", false),
            (.stream, "127.0.0.1:22", false), (.datagram, "127.0.0.1:53", false),
        ]
        for (kind, text, isAllowed) in cases {
            let allowed = try allows(rules, kind, text)
            #expect(allowed == isAllowed, "\(kind) \(text)")
        }
    }
}
