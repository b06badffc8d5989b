import Setup
import Testing
import Wire

@testable import SockeyeCommand

@Suite("Words of sockeye gateway")
struct GatewayOptionsTests {
    private func options(_ words: [String]) throws(CommandError) -> GatewayOptions {
        try GatewayOptions(
            Arguments(words[...], of: "gateway", valued: GatewayOptions.valuedLetters))
    }

    private func complaint(_ words: [String]) -> String? {
        do throws(CommandError) {
            _ = try options(words).chosenLink()
            return nil
        } catch {
            #expect(error.status == 2)
            return error.message
        }
    }

    @Test("whose gateway: a process, a file, or a socket")
    func links() throws {
        for words in [["--netns", "1234"], ["1234"], ["--netns=1234"], ["1234", "tap0"]] {
            let link = try options(words).chosenLink()
            #expect(link == .process(1234))
        }
        let path = try options(["/run/netns/lab"]).chosenLink()
        #expect(path == .path("/run/netns/lab"))
        let socket = try options(["--socket", "vm.sock"])
        let link = try socket.chosenLink()
        #expect(link == .socket("vm.sock"))
        #expect(socket.mtu == 1500)
    }

    @Test("without options the interface is configured, large and of both families")
    func defaults() throws {
        let options = try options(["1"])
        #expect(options.interface == "tap0")
        #expect(options.isConfigured && options.usesIPv6 && options.answersNames)
        #expect(options.reachesLoopback && !options.isOneOff && !options.isQuiet)
        #expect(options.mtu == 65_520)
        #expect(options.addresses(100).map(\.description) == ["10.0.2.100/24", "fd00:2::100/64"])
        #expect(options.addresses(2).map(\.description) == ["10.0.2.2/24", "fd00:2::2/64"])
    }

    @Test("slirp4netns's command lines mean what they mean there")
    func slirp4netns() throws {
        let options = try options([
            "--configure", "--mtu=1500", "-r", "5", "-e6", "--cidr", "192.168.7.0/24",
            "--disable-host-loopback", "--disable-dns", "77", "tun7",
        ])
        let link = try options.chosenLink()
        #expect(link == .process(77))
        #expect(options.interface == "tun7")
        #expect(options.mtu == 1500)
        #expect(options.readyDescriptor == 5 && options.exitDescriptor == 6)
        #expect(options.addresses(100)[0].description == "192.168.7.100/24")
        #expect(!options.reachesLoopback && !options.answersNames)
    }

    @Test("pasta's ports mean what they mean there")
    func pasta() throws {
        let options = try options([
            "--config-net", "-4", "-f", "-t", "127.0.0.1/8080:80,22", "-u", "5000-5002:6000-6002",
            "--publish", "[::1]:1:2", "-t", "none", "9",
        ])
        #expect(!options.usesIPv6)
        #expect(
            options.published.map(\.description) == [
                "127.0.0.1:8080:80", "127.0.0.1:22:22", "5000:6000/udp", "5001:6001/udp",
                "5002:6002/udp", "[::1]:1:2",
            ])
    }

    @Test(
        "ports that are none",
        arguments: [
            "", "x", "0", "80:", ":80", "1-0", "1-2:1-3", "65536", "1:2:3", "host/80", "80,", "1-",
            "1-65535,1-65535",
        ])
    func badPorts(text: String) {
        #expect(PortForwards.parse(text, .tcp) == nil)
        #expect(
            complaint(["-t", text, "1"])
                == "gateway: -t: '\(text)' is not \(PortForwards.form)")
    }

    @Test(
        "whatever is wrong, the message says what was expected",
        arguments: [
            (
                ["--mtu", "1500"],
                "gateway: whose gateway? --netns PID|PATH for a namespace, such as --netns 1234, "
                    + "or --socket PATH for a virtual machine"
            ),
            (
                ["--netns", "1", "--socket", "s"],
                "gateway: one gateway stands at one end: --netns PID|PATH or --socket PATH, once"
            ),
            (["1", "tap0", "more"], "gateway: unexpected 'more'"),
            (
                ["1", "a/b"],
                "gateway: --interface: 'a/b' is not a name of 1 to 15 letters, such as tap0"
            ),
            (
                ["1", "--cidr", "10.0.0.0/30"],
                "gateway: --cidr: '10.0.0.0/30' is not a network, such as 10.0.2.0/24"
            ),
            (
                ["1", "--ready-fd", "x"],
                "gateway: --ready-fd: 'x' is not an open descriptor from 0 to 1000000"
            ),
            (["1", "-m", "500"], "gateway: -m: '500' is not a number of bytes from 1280 to 65520"),
            (["--netsn", "1"], "gateway: unknown option '--netsn'; is it '--netns'?"),
            (["--quiet=x", "1"], "gateway: --quiet takes no value, but 'x' was given"),
        ])
    func complaints(words: [String], message: String) {
        #expect(complaint(words) == message)
    }

    @Test("the help names every option")
    func help() {
        for option in GatewayOptions.all {
            #expect(GatewayCommand.help.contains(option), "\(option)")
        }
        for text in [GatewayCommand.help, GatewayCommand.lesson] {
            for line in text.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
        }
    }
}
