import Devices
import Setup
import Stack
import Testing
import Wire

@testable import SockeyeCommand

@Suite("A host as the command line says it")
struct HostOptionsTests {
    private func plan(_ words: String) throws(CommandError) -> HostPlan {
        var arguments = Arguments(words.split(separator: " ").map(String.init)[...], of: "host")
        var options = HostOptions()
        while let option = arguments.nextOption() {
            guard try options.take(option, &arguments) else { throw arguments.unknown(option) }
        }
        return try options.plan(for: "host")
    }

    private func complaint(_ words: String) -> String {
        do throws(CommandError) {
            _ = try plan(words)
            return ""
        } catch {
            return error.status == 2 ? error.message : "status \(error.status)"
        }
    }

    @Test("an option behind a device belongs to it")
    func groups() throws {
        let plan = try plan(
            "--tap a --address 10.1.0.1/24 --address fd01::1/64 --mtu 1400 --loss 1% "
                + "--tap b --address 10.2.0.1/24 --mac 02:00:00:00:00:09 --no-offload --forward")
        #expect(plan.links.map(\.name) == ["a", "b"])
        #expect(plan.links[0].addresses.map(\.description) == ["10.1.0.1/24", "fd01::1/64"])
        #expect(plan.links.map(\.mtu) == [1400, nil])
        #expect(plan.links.map(\.offloads) == [true, false])
        #expect(plan.links.map { $0.impairments.outgoing == nil } == [false, true])
        #expect(plan.links[1].hardwareAddress == MACAddress("02:00:00:00:00:09"))
        #expect(plan.forwards && plan.speaksIPv6)
    }

    @Test("what stands before the first device is the first link's")
    func before() throws {
        let plan = try plan("--address 10.1.0.1/24 --gateway 10.1.0.9 --tap a")
        #expect(plan.links[0].addresses.map(\.description) == ["10.1.0.1/24"])
        #expect(!plan.forwards && !plan.speaksIPv6)
        let route = Route(
            to: .allIPv4, through: .v4(10, 1, 0, 9), on: InterfaceID(rawValue: 1))
        #expect(try plan.stackRoutes("host") == [route])
    }

    @Test("a route leaves by the link that has its gateway, and else by the one it stands behind")
    func routes() throws {
        let plan = try plan(
            "--tap a --address 10.1.0.1/24 --route 10.9.0.0/16=10.2.0.7@5 "
                + "--tap b --address 10.2.0.1/24 --address fd02::1/64 --route fd09::/64=fe80::1 "
                + "--route 10.8.0.0/16 --gateway fe80::7")
        let routes = try plan.stackRoutes("host")
        #expect(routes.map(\.interface.rawValue) == [2, 2, 2, 2])
        #expect(routes.map(\.metric) == [0, 5, 0, 0])
        #expect(
            routes.map { $0.gateway?.description ?? "" } == ["fe80::7", "10.2.0.7", "fe80::1", ""])
    }

    @Test("devices of all kinds can be named")
    func kinds() throws {
        let plan = try plan(
            "--tun t --address 10.1.0.1/24 --packet eth1 --address 10.2.0.1/24 "
                + "--unix-stream listen:/run/x --address 10.3.0.1/24")
        #expect(plan.links.map(\.name) == ["t", "eth1", "x"])
        #expect(plan.links.map(\.isEthernet) == [false, true, true])
    }

    @Test(
        "what is missing or contradicts itself is said",
        arguments: [
            ("", "a device is missing"),
            ("--address 10.1.0.1/24", "a device is missing"),
            ("--tap a", "--address ADDRESS/LENGTH is missing for a"),
            ("--tap a --address 10.1.0.1/24 --tap b", "is missing for b"),
            ("--tap a --address 10.1.0.1/24 --tap a --address 10.2.0.1/24", "a is given twice"),
            ("--tap a/b --address 10.1.0.1/24", "'a/b' is not the name of a TAP device"),
            ("--tap abcdefghijklmnop --address 10.1.0.1/24", "is not the name"),
            ("--tap a --address 10.1.0.1", "'10.1.0.1' is not an address with its network"),
            ("--tap a --address 10.1.0.1/33", "is not an address with its network"),
            ("--tap a --address 224.0.0.1/24", "cannot be an interface's"),
            ("--tap a --address ::/64", "cannot be an interface's"),
            ("--tap a --address 10.1.0.1/24 --address 10.1.0.1/16", "is given twice"),
            (
                "--tap a --address 10.1.0.1/24 --tap b --address 10.1.0.1/24",
                "10.1.0.1 is given twice"
            ),
            (
                "--tap a --address 10.1.0.1/24 --gateway 10.2.0.1",
                "the gateway 10.2.0.1 is not in the network of a, 10.1.0.0/24"
            ),
            ("--tap a --address 10.1.0.1/24 --route 10.9.0.0/16=10.3.0.1", "in no network"),
            ("--tap a --address 10.1.0.1/24 --route 10.9.0.1/16=10.1.0.2", "is not PREFIX=GATEWAY"),
            ("--tap a --address 10.1.0.1/24 --mtu 67", "from 68 to 65535"),
            ("--tap a --address 10.1.0.1/24 --mac 01:00:00:00:00:01", "is not a hardware address"),
            (
                "--tap a --address 10.1.0.1/24 --capture x --tap b --address 10.2.0.1/24 "
                    + "--capture x", "two links cannot share the capture x"
            ),
            ("--tap", "--tap needs the name of a TAP device"),
        ])
    func complaints(words: String, expected: String) {
        #expect(complaint(words).contains(expected))
    }
}
