import Names
import Sockets
import Stack
import Testing
import Wire

/// Connecting and listening by name, on hosts of a simulation.
@Suite("Connecting by name")
struct ConnectingTests {
    private let simulation = Simulation(seed: 3)

    /// A client that knows `server` at the server's addresses; with `others`, where nobody is, only
    /// at them and at the one of IPv4.
    private func hosts(
        _ others: [String] = []
    ) throws -> (server: Network, client: Network, names: NameService) {
        let server = try simulation.addHost("server")
        let client = try simulation.addHost("client")
        let own = simulation.addresses(of: "server")
            .filter { others.isEmpty || $0.isIPv4 }.map { ("server", $0) }
        let dead = others.compactMap { IPAddress($0) }.map { ("server", $0) }
        let names = NameService(
            client, NameConfiguration(hosts: dead + own), random: simulation.random)
        return (server, client, names)
    }

    /// Connects while the server echoes; the peer's address and how long it took.
    private func connect(
        _ others: [String] = [], at place: IPAddress? = nil
    ) async throws -> (peer: SocketAddress, elapsed: Duration) {
        let (server, client, names) = try hosts(others)
        let there = NameService(server, NameConfiguration(hosts: []))
        return try await simulation.run {
            let listener: Socket
            if let place {
                listener = try Socket(.stream, family: place.isIPv4 ? .inet : .inet6, on: server)
                try listener.bind(to: SocketAddress(address: place, port: 80))
                try listener.listen()
            } else {
                listener = try await there.listen(service: "http")
            }
            async let accepted = listener.accept()
            let start = client.clock.now
            let socket = try await names.connect(to: "server", service: "http")
            let elapsed = start.duration(to: client.clock.now)
            _ = try await accepted
            return (try socket.remoteAddress, elapsed)
        }
    }

    @Test("the first address is IPv6, and a listener of all addresses hears it")
    func plain() async throws {
        let (peer, elapsed) = try await connect()
        #expect(!peer.address.isIPv4)
        #expect(peer.port == 80)
        #expect(elapsed < .milliseconds(50))
    }

    @Test("an address that nobody answers at costs 250 ms")
    func dead() async throws {
        let (peer, elapsed) = try await connect(["fd00::dead"])
        #expect(peer.address.isIPv4)
        #expect(elapsed >= .milliseconds(250))
        #expect(elapsed < .milliseconds(260))
    }

    @Test("where IPv6 is refused, IPv4 follows at once")
    func refused() async throws {
        let place = IPAddress.v4(10, 0, 0, 1)
        let (peer, elapsed) = try await connect(at: place)
        #expect(peer.address == place)
        #expect(elapsed < .milliseconds(50))
    }

    @Test("names and services that do not exist, and a host where nobody listens, say so")
    func failures() async throws {
        let (_, _, names) = try hosts()
        try await simulation.run {
            await #expect(throws: ConnectionFailure.name(.noName)) {
                try await names.connect(to: "nobody", service: "http")
            }
            await #expect(throws: ConnectionFailure.name(.service)) {
                try await names.connect(to: "server", service: "no-such-service")
            }
            do throws(ConnectionFailure) {
                _ = try await names.connect(to: "server", service: "http")
                Issue.record("connected")
            } catch {
                guard case .socket(let cause) = error else {
                    Issue.record("\(error)")
                    return
                }
                #expect(cause.code == StackError.connectionRefused.code)
            }
        }
    }

    @Test("a task that is cancelled gives up at once")
    func cancelled() async throws {
        let (_, client, _) = try hosts()
        let alone = NameService(
            client,
            NameConfiguration(hosts: [("void", IPAddress("fd00::dead") ?? .unspecifiedV6)]))
        try await simulation.run {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do throws(ConnectionFailure) {
                        _ = try await alone.connect(to: "void", service: "80")
                        return false
                    } catch {
                        guard case .socket(let cause) = error else { return false }
                        return cause.code == 125
                    }
                }
                try await client.clock.sleep(for: .milliseconds(100))
                group.cancelAll()
                #expect(try await group.next() == true)
            }
        }
        #expect(simulation.clock.now < .zero + .milliseconds(200))
    }
}
