import Setup
import Testing

@testable import SockeyeCommand

@Suite("Requests and replies of the control socket")
struct ControlMessageTests {
    @Test("a request is a line, and is read again")
    func request() throws {
        let line = ControlRequest.line("netstat", ["-an", "a \"b\"\n"])
        #expect(line.last == "\n" && line.count(where: { $0 == "\n" }) == 1)
        let request = try ControlRequest.parse(String(line.dropLast()))
        #expect(request.tool == "netstat")
        #expect(request.words == ["-an", "a \"b\"\n"])
        #expect(try ControlRequest.parse(#"{"tool":"arp"}"#).words == [])
    }

    @Test(
        "what is wrong with a request is said",
        arguments: [
            ("x", "not JSON"), ("[]", "not a JSON object"), ("{}", "lacks \"tool\""),
            (#"{"tool":1}"#, "lacks \"tool\""), (#"{"tool":"a","arguments":1}"#, "not an array"),
            (#"{"tool":"a","arguments":[null]}"#, "not an array of strings"),
        ])
    func wrong(line: String, expected: String) {
        do throws(CommandError) {
            _ = try ControlRequest.parse(line)
            Issue.record("\(line) was taken")
        } catch {
            #expect(error.message.contains(expected))
        }
    }

    @Test(
        "replies are read again",
        arguments: [.output("a\n"), .error("b"), .exit(3)] as [ControlReply])
    func reply(reply: ControlReply) {
        #expect(ControlReply(String(reply.line.dropLast())) == reply)
    }

    @Test("tools are parsed as on the command line, and unknown ones refused")
    func tools() throws {
        #expect(try ToolBox.parse("netstat", ["-rn6"]) is Netstat)
        #expect(try ToolBox.parse("ping", ["10.0.0.1", "-c3"]) is Ping)
        for (name, words) in [
            ("none", []), ("netstat", ["-x"]), ("netstat", ["-r", "-i"]), ("netstat", ["x"]),
            ("ping", []), ("ping", ["x"]), ("traceroute", ["-f", "9", "-m", "8", "10.0.0.1"]),
            ("traceroute", ["10.0.0.1", "27"]), ("arp", ["x"]),
        ] {
            #expect(throws: CommandError.self) { try ToolBox.parse(name, words) }
        }
    }

    @Test(
        "names of hosts lead to no other place",
        arguments: [
            "", ".", "..", "a/b", "-a", "a b", "é", "a\u{0}", String(repeating: "a", count: 33),
        ])
    func names(name: String) {
        #expect(!ControlDirectory.isName(name))
        #expect(ControlDirectory.isName("router-1.lab_2"))
    }
}
