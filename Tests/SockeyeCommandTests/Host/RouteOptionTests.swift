import Setup
import Testing
import Wire

@testable import SockeyeCommand

@Suite("Routes as the command line says them")
struct RouteOptionTests {
    @Test(
        "prefix, gateway and metric",
        arguments: ["10.9.0.0/16=10.7.0.1@20", "10.9.0.0/16=10.7.0.1"])
    func whole(text: String) throws {
        let route = try #require(RouteOption(text))
        #expect(route.destination.description == "10.9.0.0/16")
        #expect(route.gateway == .v4(10, 7, 0, 1))
        #expect(route.metric == (text.contains("@") ? 20 : 0))
    }

    @Test("default is everything of the gateway's family")
    func defaults() {
        #expect(RouteOption("default=10.7.0.1")?.destination == .allIPv4)
        #expect(RouteOption("default=fd00::1@7")?.destination == .allIPv6)
    }

    @Test("without a gateway the network is on the link")
    func onLink() throws {
        let route = try #require(RouteOption("fd09::/64"))
        #expect(route.gateway == nil)
    }

    @Test(
        "nonsense is none",
        arguments: [
            "", "=", "@", "10.9.0.0/16=", "10.9.0.1/16=10.7.0.1", "10.9.0.0/16=fd00::1", "default",
            "10.9.0.0/16=10.7.0.1@", "10.9.0.0/16=10.7.0.1@-1", "10.9.0.0/16=10.7.0.1@4294967296",
            "10.9.0.0/33=10.7.0.1", "10.9.0.0/16=224.0.0.1", "10.9.0.0/16=0.0.0.0", "x=10.7.0.1",
        ])
    func nonsense(text: String) { #expect(RouteOption(text) == nil) }
}
