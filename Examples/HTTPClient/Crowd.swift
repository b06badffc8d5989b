import Equipment
import Services
import Sockets
import Stack
import Wire

/// Clients of one web server on a lossy network, in simulation: each asks for a page, reads for a
/// while and asks again.
public struct Crowd: Sendable {
    /// What came of it.
    public struct Outcome: Equatable, Sendable {
        public var pages = 0
        /// Pages that did not come, by whatever error.
        public var failures = 0
        /// Which packets there were.
        public var trace = SimulationTrace()

        public init() {}
    }

    private let clients: Int
    private let time: Duration
    private let seed: UInt64

    public init(clients: Int, time: Duration, seed: UInt64) {
        self.clients = clients
        self.time = time
        self.seed = seed
    }

    /// Runs the crowd in virtual time.
    public func run() async throws -> Outcome {
        let simulation = Simulation(seed: seed)
        let server = try simulation.addHost("server")
        var networks: [Network] = []
        var link = Impairments()
        link.loss = .percent(1)
        link.delay = .milliseconds(20)
        link.jitter = .milliseconds(5)
        for number in 1...clients {
            networks.append(try simulation.addHost("client\(number)", link: link))
        }
        let address = SocketAddress(address: simulation.addresses(of: "server")[0], port: 80)
        let hosts = networks
        var outcome = try await simulation.run {
            try await Self.program(hosts, server, address, time, simulation.random)
        }
        outcome.trace = simulation.trace
        return outcome
    }

    /// The program: a server and its clients, as they would run anywhere.
    private static func program(
        _ clients: [Network], _ server: Network, _ address: SocketAddress, _ time: Duration,
        _ random: SimulationRandom
    ) async throws -> Outcome {
        let web = try StreamServer(
            HTTPService(.builtIn), on: server, at: address,
            limits: ServiceLimits(connections: clients.count + 100))
        let end = server.clock.now.advanced(by: time)
        return await withTaskGroup(of: Outcome?.self) { group in
            group.addTask {
                await web.run()
                return nil
            }
            for client in clients {
                group.addTask { await ask(address, on: client, until: end, random) }
            }
            var sum = Outcome()
            for _ in clients {
                guard let outcome = await group.next() ?? nil else { break }
                sum.pages += outcome.pages
                sum.failures += outcome.failures
            }
            group.cancelAll()
            return sum
        }
    }

    /// One client: a page, a while, the next page, each on a connection of its own.
    private static func ask(
        _ address: SocketAddress, on network: Network, until end: Stack.Instant,
        _ random: SimulationRandom
    ) async -> Outcome {
        var random = random
        var outcome = Outcome()
        while true {
            let pause = Duration.milliseconds(Int.random(in: 1_000...119_000, using: &random))
            try? await network.clock.sleep(for: pause)
            guard network.clock.now < end else { return outcome }
            do {
                var connection = try await HTTPConnection(to: address, named: "server", on: network)
                defer { connection.close() }
                let page = try await connection.get("/")
                if page.status == 200 { outcome.pages += 1 } else { outcome.failures += 1 }
            } catch {
                outcome.failures += 1
            }
        }
    }
}
