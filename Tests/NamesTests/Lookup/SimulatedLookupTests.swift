import Equipment
import Sockets
import Stack
import Testing
import Wire

@testable import Names

/// Whole lookups in virtual time: hosts of a simulation, one of them a server of names.
@Suite("Lookups over a simulated network")
struct SimulatedLookupTests {
    private let simulation = Simulation(seed: 11)

    /// Runs `program` on a host while `server` answers on another; at which time it ended.
    private func run<Result: Sendable>(
        _ server: ScriptedServer, search: [String] = [], link: Impairments? = nil,
        _ program: @escaping @Sendable (NameService) async throws -> Result
    ) async throws -> (result: Result, elapsed: Duration) {
        let serving = try simulation.addHost("server")
        let client = try simulation.addHost("client", link: link)
        let address = simulation.addresses(of: "server")[0]
        let names = NameService(
            client, NameConfiguration(servers: [address], search: search),
            random: simulation.random)
        return try await simulation.run {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await server.run(on: serving, at: address) }
                let start = client.clock.now
                let result = try await program(names)
                let end = client.clock.now
                group.cancelAll()
                return (result, start.duration(to: end))
            }
        }
    }

    private static let honest = ScriptedServer { query, _ in [ReplyMaker.address(query)] }

    @Test("addresses of both families come with every type of socket")
    func both() async throws {
        let (found, elapsed) = try await run(Self.honest) { names in
            try await names.addresses(
                of: "www.example.com", service: "http", hints: AddressHints(type: 1))
        }
        #expect(found.map(\.port) == [80, 80])
        #expect(Set(found.map(\.family)) == [2, 10])
        #expect(elapsed < .milliseconds(100))
    }

    @Test("what is known already is not asked for again")
    func cached() async throws {
        let (_, elapsed) = try await run(Self.honest) { names in
            for _ in 0..<100 {
                _ = try await names.addresses(of: "www.example.com", hints: AddressHints())
            }
        }
        #expect(elapsed < .milliseconds(10))
    }

    @Test("a reply that is too long for a datagram is fetched over a stream")
    func truncated() async throws {
        let server = ScriptedServer { query, transport in
            var maker = ReplyMaker(to: query)
            guard transport == .stream else {
                maker.flags |= 0x0200
                return [maker.bytes]
            }
            maker.answers = (0..<200).map { .a("big.example", UInt8($0)) }
            return [maker.bytes]
        }
        let (found, _) = try await run(server) { names in
            try await names.host(named: "big.example")
        }
        #expect(found.addresses.count == 200)
    }

    @Test("forged replies before the true one change nothing")
    func forged() async throws {
        let server = ScriptedServer { query, _ in
            var lies: [[UInt8]] = []
            for id in UInt16(0)..<100 {
                var maker = ReplyMaker(to: query)
                guard maker.id != id else { continue }
                maker.id = id
                maker.answers = [.a("bank.example", 66)]
                lies.append(maker.bytes)
            }
            return lies + [[], [1, 2, 3], query, ReplyMaker.address(query, 7)]
        }
        let (found, _) = try await run(server) { names in
            try await names.host(named: "bank.example")
        }
        #expect(found.addresses == [.v4(192, 0, 2, 7)])
    }

    @Test("a silent server is waited for as long as resolv.conf says, twice")
    func silent() async throws {
        let (code, elapsed) = try await run(ScriptedServer { _, _ in [] }) { names -> Int32 in
            do throws(NameError) {
                _ = try await names.addresses(of: "www.example.com")
                return 0
            } catch {
                return error.code
            }
        }
        #expect(code == NameError.again.code)
        #expect(elapsed == .seconds(10))
    }

    @Test("a host where nobody serves says so at once")
    func refused() async throws {
        let client = try simulation.addHost("alone")
        _ = try simulation.addHost("mute")
        let names = NameService(
            client, NameConfiguration(servers: [simulation.addresses(of: "mute")[0]]),
            random: simulation.random)
        let elapsed = try await simulation.run {
            let start = client.clock.now
            await #expect(throws: HostError.tryAgain) {
                try await names.host(named: "www.example.com")
            }
            return start.duration(to: client.clock.now)
        }
        #expect(elapsed < .seconds(1))
    }

    @Test("names lead back from addresses, and none that a terminal would obey")
    func reverse() async throws {
        let server = ScriptedServer { query, _ in
            var maker = ReplyMaker(to: query)
            let name = maker.question?.name.description ?? ""
            maker.answers = [.ptr(name, "evil\u{1b}[2J.example"), .ptr(name, "good.example")]
            return [maker.bytes]
        }
        let (found, _) = try await run(server) { names in
            try await names.names(of: .v4(192, 0, 2, 9), family: 2, port: 443)
        }
        #expect(found.host == "good.example")
        #expect(found.service == "https")
    }

    @Test("a lookup over a lossy network finds its answer, and the same way each time")
    func lossy() async throws {
        var ends: [Duration] = []
        for _ in 0..<2 {
            let again = SimulatedLookupTests()
            var link = Impairments()
            link.delay = .milliseconds(20)
            link.loss = .percent(30)
            let (count, elapsed) = try await again.run(Self.honest, link: link) { names in
                var found = 0
                for number in 0..<20 {
                    let answer = try? await names.host(named: "n\(number).example")
                    if answer != nil { found += 1 }
                }
                return found
            }
            #expect(count > 10)
            ends.append(elapsed)
        }
        #expect(ends[0] == ends[1])
    }

    @Test("a task that is cancelled stops asking")
    func cancelled() async throws {
        let (code, elapsed) = try await run(ScriptedServer { _, _ in [] }) { names in
            try await withThrowingTaskGroup(of: Int32.self) { group in
                group.addTask {
                    do throws(NameError) {
                        _ = try await names.addresses(of: "www.example.com")
                        return 0
                    } catch {
                        return error.systemError
                    }
                }
                try await names.network.clock.sleep(for: .seconds(1))
                group.cancelAll()
                return try await group.next() ?? 0
            }
        }
        #expect(code == 125)
        #expect(elapsed == .seconds(1))
    }
}
