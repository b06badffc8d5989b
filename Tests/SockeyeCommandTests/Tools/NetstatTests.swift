import Stack
import Testing
import Wire

@testable import SockeyeCommand

@Suite("The tables of netstat")
struct NetstatTests {
    private var counters: Counters { Host(HostConfiguration(seed: (1, 2))).counters }

    @Test("every counter has a line under its protocol, and only one")
    func statistics() {
        let lines = Statistics.lines(counters)
        let titles = lines.filter { !$0.hasPrefix(" ") }
        #expect(Set(titles).count == titles.count)
        #expect(
            lines.count - titles.count == Event.allCases.count + DropReason.allCases.count)
        #expect(lines.contains("    0 segments sent"))
        #expect(lines.contains("    0 dropped: no listener"))
        #expect(!lines.contains { $0.contains("tcp") })
        #expect(Statistics.lines(counters, zeros: false).isEmpty)
        #expect(Statistics.lines(counters, titles: ["Tcp"]).first == "Tcp:")
    }

    @Test("names of counters are read as words, acronyms as they are")
    func words() {
        #expect(Statistics.split("SegmentsSent") == "segments sent")
        #expect(Statistics.split("pathMTUsLearned") == "path MTUs learned")
        #expect(Statistics.split("BadMTU") == "bad MTU")
    }

    @Test("routes have the columns of both families")
    func routes() throws {
        let lan = try #require(IPPrefix("10.7.0.0/24"))
        let host = try #require(IPPrefix("fd00::9/128"))
        let routes = [
            Route(to: lan, on: InterfaceID(rawValue: 1)),
            Route(to: .allIPv4, through: .v4(10, 7, 0, 1), on: InterfaceID(rawValue: 1), metric: 3),
            Route(to: host, through: IPAddress("fe80::1"), on: InterfaceID(rawValue: 2), metric: 7),
        ]
        let names = ["lo", "tap0", "tap1"]
        #expect(
            RouteLines.v4(routes, names).dropFirst(2) == [
                "10.7.0.0        0.0.0.0         255.255.255.0   U         0 0          0 tap0",
                "0.0.0.0         10.7.0.1        0.0.0.0         UG        0 0          0 tap0",
            ])
        #expect(
            RouteLines.v6(routes, names).dropFirst(2) == [
                "fd00::9/128                    fe80::1                    UGH  7   1      0 tap1"
            ])
    }

    @Test("a target may have a zone where it is of IPv6")
    func targets() throws {
        #expect(Target("10.0.0.1")?.family == .inet)
        #expect(Target("fe80::1%tap0")?.family == .inet6)
        for text in ["", "0.0.0.0", "::", "10.0.0.1%tap0", "fe80::1%", "host"] {
            #expect(Target(text) == nil)
        }
    }
}
