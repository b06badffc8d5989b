import Testing
import Wire

@testable import SockeyeCommand

@Suite("Names and addresses on networks of several runs")
struct NetworkNameTests {
    @Test(
        "the name of a program becomes a label",
        arguments: [
            ("curl", "curl"), ("/usr/bin/python3.11", "python3-11"), ("./My_Server", "my-server"),
            ("-x-", "x"), ("...", "host"), ("", "host"), ("localhost", "localhost-1"),
        ])
    func ofProgram(path: String, label: String) {
        #expect(NetworkName.label(ofProgram: path) == label)
    }

    @Test("labels are letters, digits and hyphens, in lower case")
    func labels() {
        #expect(NetworkName.label("Web-1") == "web-1")
        for text in ["", "-a", "a-", "a.b", "a_b", "a b", "ü", String(repeating: "a", count: 64)] {
            #expect(NetworkName.label(text) == nil)
        }
    }

    @Test("the two addresses of a host read alike")
    func addresses() {
        let member = NetworkMember(name: "web", number: 108)
        #expect(member.prefixes.map(\.description) == ["10.0.3.108/24", "fd00:3::108/64"])
        #expect(member.names == ["web", "web.sockeye"])
        #expect(NetworkMember(name: "a", number: 10).ipv6.description == "fd00:3::10")
    }

    @Test("a name that is taken gets a number, or is refused where no other will do")
    func unique() throws {
        var table = MemberTable()
        let names = [
            try table.join("web", isExact: false).name, try table.join("web", isExact: false).name,
            try table.join("web", isExact: false).name,
        ]
        #expect(names == ["web", "web-2", "web-3"])
        #expect(throws: MemberTable.Refusal.self) { try table.join("web", isExact: true) }
        #expect(try table.join("db", isExact: true).number == 13)
        table.leave("web-2")
        let again = try table.join("web", isExact: false)
        #expect(again == NetworkMember(name: "web-2", number: 11), "the lowest that is free")
        for _ in table.members.count..<241 { _ = try table.join("x", isExact: false) }
        #expect(throws: MemberTable.Refusal.self) { try table.join("y", isExact: false) }
    }

    @Test(
        "messages are read again",
        arguments: [
            .join(name: "web", isExact: true), .join(name: "web", isExact: false),
            .welcome(NetworkMember(name: "web", number: 10)),
            .host(NetworkMember(name: "db-2", number: 250)), .gone("web"),
            .refused("there is a host 'web' already"),
        ] as [NetworkMessage])
    func messages(message: NetworkMessage) {
        #expect(NetworkMessage(message.line) == message)
    }

    @Test(
        "what is not understood is passed over",
        arguments: [
            "", " ", "join", "join 2 web exact", "join 1 -web any", "welcome web 9",
            "welcome web x", "host web", "host web 10 11", "hello", "gone",
        ])
    func strangeMessages(line: String) {
        #expect(NetworkMessage(line) == nil)
    }
}
