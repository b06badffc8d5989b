import Foundation
import Stack
import Testing
import Wire

@testable import Names

/// The files of names, as hosts(5), services(5), resolv.conf(5), nsswitch.conf(5) and gai.conf(5)
/// have them.
@Suite("Files of names")
struct FileTests {
    private func lines(_ text: String) -> [Substring] { NameFile.lines(of: text) }

    @Test("hosts have names in either case; comments and broken lines are passed over")
    func hosts() {
        let file = HostsFile(
            lines(
                """
                # a comment
                10.0.0.1\thost.example  Host alias # here too
                10.0.0.2 host.example
                ::1 localhost
                10.0.0.3
                not-an-address name
                10.1 short
                ::ffff:10.0.0.4 mapped
                   10.0.0.5   indented
                10.0.0.6#glued
                """))
        #expect(
            file.lines(named: "HOST.Example").map(\.address) == [
                .v4(10, 0, 0, 1), .v4(10, 0, 0, 2),
            ])
        #expect(file.lines(named: "host").map(\.name) == ["host.example"])
        #expect(file.lines(named: "host").first?.aliases == ["Host", "alias"])
        #expect(file.lines(named: "here").isEmpty)
        #expect(file.lines(named: "short").isEmpty)
        #expect(file.lines(named: "mapped").first?.isIPv6 == true)
        #expect(file.lines(named: "indented").count == 1)
        #expect(file.lines(named: "glued").isEmpty)
        #expect(file.line(of: .v4(10, 0, 0, 2))?.name == "host.example")
        #expect(file.lines.count == 5)
    }

    @Test("services over a protocol, or over the first that has them")
    func services() {
        let file = ServicesFile(
            lines(
                """
                domain 53/tcp
                domain 53/udp nameserver # DNS
                web 80/tcp www
                bad
                bad 80
                bad x/tcp
                bad 70000/tcp
                bad -1/tcp
                bad 1/
                """))
        #expect(file.entries.count == 3)
        #expect(file.entry(named: "domain", over: nil)?.protocolName == "tcp")
        #expect(file.entry(named: "domain", over: "udp")?.aliases == ["nameserver"])
        #expect(file.entry(named: "nameserver", over: nil)?.protocolName == "udp")
        #expect(file.entry(named: "nameserver", over: "tcp") == nil)
        #expect(file.entry(at: 80, over: "tcp")?.name == "web")
        #expect(file.entry(at: 80, over: "udp") == nil)
        #expect(file.entry(named: "bad", over: nil) == nil)
    }

    @Test("resolv.conf says whom to ask, and how")
    func resolver() {
        let configuration = ResolverConfiguration(
            lines(
                """
                # comment
                ; another
                 nameserver 10.0.0.9
                nameserver 10.0.0.1 trailing
                nameserver ::1
                nameserver nonsense
                nameserver fe80::1%eth0
                nameserver 10.0.0.4
                domain one.example
                search two.example three.example
                options ndots:3 timeout:99 attempts:9 rotate
                options single-request-reopen use-vc trust-ad no-aaaa no-tld-query edns0 unknown
                nameserver
                """))
        #expect(
            configuration.servers == [
                .init(address: .v4(10, 0, 0, 1)), .init(address: .init(IPv6Address.loopback)),
                .init(address: IPAddress("fe80::1") ?? .unspecifiedV6, zone: "eth0"),
            ])
        #expect(configuration.search == ["two.example", "three.example"])
        #expect(configuration.dotLimit == 3)
        #expect(configuration.timeout == .seconds(30))
        #expect(configuration.attempts == 5)
        #expect(configuration.rotates && configuration.asksInTurn && configuration.usesStreams)
        #expect(configuration.trustsServers && configuration.omitsIPv6)
        #expect(configuration.omitsTopLevel)
        let empty = ResolverConfiguration(lines(""))
        #expect(empty.servers == [.init(address: .v4(127, 0, 0, 1))])
        #expect(empty.search == nil)
        #expect(
            ResolverConfiguration(lines("domain a.b\nsearch c.d\ndomain e.f")).search == ["e.f"])
        let huge = ResolverConfiguration(lines("options ndots:99999999999999999999 attempts:0"))
        #expect(huge.dotLimit == 15)
        #expect(huge.attempts == 1)
    }

    @Test("nsswitch.conf says what comes first, and after what to stop")
    func order() {
        func steps(_ text: String) -> [SourceOrder.Step] { SourceOrder(lines(text)).steps }
        #expect(steps("hosts: files dns") == [.init(source: .files), .init(source: .dns)])
        #expect(steps("passwd: files") == [.init(source: .files), .init(source: .dns)])
        #expect(
            steps("hosts:\tfiles mdns4_minimal [NOTFOUND=return] dns # x") == [
                .init(source: .files),
                .init(source: .other, returns: [.success, .notFound]), .init(source: .dns),
            ])
        #expect(
            steps("hosts: dns [!UNAVAIL=return] files") == [
                .init(source: .dns, returns: [.success, .notFound, .tryAgain]),
                .init(source: .files),
            ])
        #expect(steps("hosts: files[SUCCESS=continue]dns").first?.returns == [])
        #expect(steps("hosts: dns [") == [.init(source: .dns)])
        #expect(steps("hostsx: dns") == [.init(source: .files), .init(source: .dns)])
    }

    @Test("gai.conf replaces the table of the kind that it names")
    func policies() {
        let file = PolicyFile(
            lines(
                """
                precedence ::ffff:0:0/96 100
                precedence ::/0 10
                precedence nonsense 4
                label 2001:db8::/32 77
                label 2001:db8:1::/48 78
                """))
        #expect(file.policy(of: .v4(10, 0, 0, 1)).precedence == 100)
        let inside = IPAddress("2001:db8::5") ?? .unspecifiedV6
        #expect(file.policy(of: inside) == AddressPolicy(precedence: 10, label: 77))
        let deeper = IPAddress("2001:db8:1::5") ?? .unspecifiedV6
        #expect(file.policy(of: deeper).label == 78)
        #expect(PolicyFile([]).policy(of: inside) == AddressPolicy(inside))
    }

    @Test("a file is read again when it has changed, and only then")
    func changes() throws {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "sockeye-names-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: "hosts")
        let file = NameFile.path(path.path)
        let table = FileTable(file) { HostsFile($0) }
        #expect(table.content.lines.isEmpty)
        try Data("10.0.0.1 one\n".utf8).write(to: path)
        #expect(table.content.lines(named: "one").count == 1)
        let first = file.read(unless: nil)
        #expect(file.read(unless: first?.version) == nil)
        // Written in place, to the same length.
        let handle = try FileHandle(forWritingTo: path)
        try handle.write(contentsOf: Data("10.0.0.2 two\n".utf8))
        try handle.close()
        #expect(table.content.lines(named: "one").isEmpty)
        #expect(table.content.lines(named: "two").count == 1)
        // Put in its place.
        try Data("10.0.0.3 six\n".utf8).write(to: path, options: .atomic)
        #expect(table.content.lines(named: "six").count == 1)
        try FileManager.default.removeItem(at: path)
        #expect(table.content.lines.isEmpty)
        // What is no file is as if it were not there.
        #expect(NameFile.path(directory.path).read(unless: .missing) == nil)
    }

    @Test("lines and files that are too long are not read")
    func limits() {
        let long = "10.0.0.1 " + String(repeating: "a", count: 10_000) + "\n10.0.0.2 b"
        #expect(HostsFile(lines(long)).lines.map(\.name) == ["b"])
    }

    @Test("any bytes are lines to be read or passed over")
    func noise() {
        var dice = Dice(9)
        let words = [
            "nameserver", "search", "options", "ndots:", "hosts:", "[", "]", "=", "10.0.0.1", "::1",
            "/", "53/udp", "#", " ", "\t", "\n", "\n", "label", "precedence", "%", "é", "\u{0}",
            "-",
        ]
        for _ in 0..<5_000 {
            var text = ""
            for _ in 0..<dice.roll(below: 20) {
                text += words[dice.roll(below: words.count)] + (dice.roll(below: 2) == 0 ? " " : "")
            }
            let lines = lines(text)
            _ = HostsFile(lines)
            _ = ServicesFile(lines)
            _ = ProtocolsFile(lines)
            _ = ResolverConfiguration(lines)
            _ = SourceOrder(lines)
            _ = PolicyFile(lines).policy(of: .v4(1, 2, 3, 4))
        }
    }
}
