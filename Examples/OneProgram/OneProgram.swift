import HTTPClient
import Services
import Sockets
import Wire

/// One program, three networks: a web server and a client of it, in simulation, or over the kernel's
/// sockets with `kernel` as argument; over hosts of Sockeye with real devices likewise.
@main struct OneProgram {
    static func main() async throws {
        if CommandLine.arguments.dropFirst().first == "kernel" {
            try await program(.kernel, .kernel, .v4(127, 0, 0, 1))
        } else {
            let simulation = Simulation(seed: 1)
            let server = try simulation.addHost("server")
            let client = try simulation.addHost("client")
            let address = simulation.addresses(of: "server")[0]
            try await simulation.run { try await program(server, client, address) }
        }
    }

    /// The program; nothing in it says which network it runs on.
    static func program(
        _ server: Network, _ client: Network, _ address: IPAddress
    ) async throws {
        let web = try StreamServer(
            HTTPService(.builtIn), on: server, at: SocketAddress(address: address, port: 0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await web.run() }
            defer { group.cancelAll() }
            var connection = try await HTTPConnection(
                to: try web.address, named: "server", on: client)
            let page = try await connection.get("/")
            print("\(page.status), \(page.body.count) bytes after \(client.clock.now)")
        }
    }
}
