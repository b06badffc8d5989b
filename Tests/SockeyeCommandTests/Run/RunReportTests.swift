import Stack
import Testing
import Wire

@testable import SockeyeCommand

@Suite("What --stats tells")
struct RunReportTests {
    private static func report() -> RunReport {
        var link = LinkTally.State()
        link.sent = LinkTally.Amount(packets: 12, bytes: 1234)
        link.received = LinkTally.Amount(packets: 1, bytes: 999)
        link.drops = ["dropped by the link: loss": 3]
        link.missed = 2
        let key = LinkTally.Key(
            proto: .udp, local: SocketAddress(address: .v4(10, 0, 2, 15), port: 4000),
            remote: SocketAddress(address: .v4(10, 0, 2, 3), port: 53))
        var flow = LinkTally.Flow(
            program: "dig", first: .zero + .seconds(2), last: .zero + .seconds(3))
        flow.sent = LinkTally.Amount(packets: 1, bytes: 60)
        link.flows[key] = flow
        return RunReport(
            [], link, hostDrops: { $0 == .noBuffer ? 4 : 0 }, missed: 5, from: .zero + .seconds(1),
            to: .zero + .seconds(5))
    }

    @Test("the table has a row for each flow, totals, drops by reason, and what is not listed")
    func table() {
        let lines = Self.report().table
        #expect(
            lines == [
                "Program  Proto  Local           Remote       Start s  Time s  Sent  Received  "
                    + "Packets out/in",
                "dig      udp    10.0.2.15:4000  10.0.2.3:53    1.000   1.000  60 B       0 B  "
                    + "           1/0",
                "",
                "Link: 12 packets (1.2 KB) sent, 1 packets (999 B) received in 4.000 s",
                "TCP: 0 connections, 0 segments sent again",
                "3 packets dropped by the link: loss",
                "4 packets dropped by the host: no buffer",
                "Not listed, since there are too many: 7",
            ])
    }

    @Test("JSON has the same, times in microseconds")
    func json() throws {
        let json = Self.report().json
        #expect(json["duration_us"]?.number == 4_000_000)
        #expect(json["not_listed"]?.number == 7)
        guard case .array(let flows) = json["datagrams"] else {
            Issue.record("no datagrams")
            return
        }
        #expect(flows.count == 1)
        #expect(flows[0]["program"]?.string == "dig")
        #expect(flows[0]["start_us"]?.number == 1_000_000)
        #expect(flows[0]["sent"]?["bytes"]?.number == 60)
        guard case .array(let drops) = json["drops"] else {
            Issue.record("no drops")
            return
        }
        #expect(drops[0]["reason"]?.string == "dropped by the link: loss")
        #expect(drops[0]["count"]?.number == 3)
    }

    @Test(
        "bytes in words",
        arguments: [
            (0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (1_234_567, "1.2 MB"),
            (999_999, "999.9 KB"), (5_000_000_000_000, "5.0 TB"),
        ] as [(UInt64, String)])
    func bytes(count: UInt64, words: String) {
        #expect(RunReport.bytes(count) == words)
    }

    @Test(
        "rates in words",
        arguments: [(0, "0 bit/s"), (100, "800 bit/s"), (1_250_000, "10.0 Mbit/s")]
            as [(UInt64, String)])
    func rates(bytes: UInt64, words: String) {
        #expect(Progress.rate(bytes, in: .seconds(1)) == words)
    }
}
