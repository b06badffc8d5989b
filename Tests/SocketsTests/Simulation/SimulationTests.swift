import Devices
import Equipment
import Sockets
import Stack
import Testing
import Wire

/// Programs in virtual time.
@Suite struct SimulationTests {
    @Test func hoursTakeMilliseconds() async throws {
        let simulation = Simulation(seed: 1)
        let network = try simulation.addHost("one")
        let began = ContinuousClock.now
        let slept = try await simulation.run {
            let start = network.clock.now
            for _ in 0..<100 { try await network.clock.sleep(for: .seconds(3600)) }
            return start.duration(to: network.clock.now)
        }
        #expect(slept == .seconds(360_000))
        // Other tests may hold up the threads that this one wants.
        #expect(began.duration(to: .now) < .seconds(120))
    }

    @Test func sleepersWakeInTheOrderOfTheirMoments() async throws {
        let simulation = Simulation(seed: 1)
        let clock = simulation.clock
        let order = try await simulation.run {
            await withTaskGroup(of: Int.self) { group in
                for number in [3, 1, 4, 1, 5, 9, 2, 6] {
                    group.addTask {
                        try? await clock.sleep(for: .seconds(number))
                        return number
                    }
                }
                var order: [Int] = []
                for await number in group { order.append(number) }
                return order
            }
        }
        #expect(order == [1, 1, 2, 3, 4, 5, 6, 9])
    }

    @Test func cancelledSleepersWakeAtOnce() async throws {
        let simulation = Simulation(seed: 1)
        let clock = simulation.clock
        try await simulation.run {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do {
                        try await clock.sleep(for: .seconds(3600))
                        return false
                    } catch {
                        return error is CancellationError
                    }
                }
                try await clock.sleep(for: .seconds(1))
                group.cancelAll()
                #expect(try await group.next() == true)
            }
        }
        #expect(clock.now == Instant.zero + .seconds(1))
    }

    @Test func tasksThatAreResumedFromOutsideAreReported() async throws {
        let simulation = Simulation(seed: 1)
        await #expect(throws: SimulationError.escaped(.resumption)) {
            try await simulation.run { try await Task.sleep(for: .milliseconds(1)) }
        }
        await #expect(throws: SimulationError.escaped(.resumption)) {
            try await simulation.run {
                await withCheckedContinuation { continuation in
                    // A thread of its own: tasks may have to wait for other tests.
                    try? SystemThread.start { continuation.resume() }
                }
            }
        }
        // Whoever stays inside is not blamed for the others.
        try await simulation.run { await Task.yield() }
    }

    @Test func callsFromOutsideAreReported() async throws {
        let simulation = Simulation(seed: 1)
        let network = try simulation.addHost("one")
        let socket = try Socket(.datagram, on: network)
        try socket.bind(to: SocketAddress(address: .v4(10, 0, 0, 1), port: 7))
        await #expect(throws: SimulationError.escaped(.call)) {
            try await simulation.run {
                await withCheckedContinuation { continuation in
                    // A thread of its own: tasks may have to wait for other tests.
                    try? SystemThread.start {
                        _ = try? socket.localAddress
                        continuation.resume()
                    }
                }
            }
        }
    }

    @Test func programThatWaitsForNothingIsADeadlock() async throws {
        let simulation = Simulation(seed: 1)
        let network = try simulation.addHost("lonely")
        let error = await #expect(throws: SimulationError.self) {
            try await simulation.run {
                let socket = try Socket(.datagram, on: network)
                try socket.bind(to: SocketAddress(address: .v4(10, 0, 0, 1), port: 7))
                var buffer = [UInt8](repeating: 0, count: 10)
                _ = try await socket.receiveDatagram(into: &buffer)
            }
        }
        let waiting = ["lonely: 10.0.0.1:7 waits to be readable"]
        #expect(error == .deadlock(.zero, waiting: waiting))
    }

    @Test func programThatTakesTooLongIsEnded() async throws {
        let simulation = Simulation(seed: 1)
        let clock = simulation.clock
        await #expect(throws: SimulationError.timeLimit(.zero + .seconds(60), waiting: [])) {
            try await simulation.run(limit: .seconds(60)) {
                while true { try await clock.sleep(for: .seconds(1)) }
            }
        }
    }

    @Test func callsThatWouldBlockFail() async throws {
        let simulation = Simulation(seed: 1)
        let network = try simulation.addHost("one")
        try await simulation.run {
            try Self.blockingAccept(on: network)
        }
    }

    private static func blockingAccept(on network: Network) throws {
        let listener = try Socket(.stream, on: network)
        try listener.bind(to: SocketAddress(address: .v4(10, 0, 0, 1), port: 7))
        try listener.listen()
        #expect(throws: SocketError(35, in: "accept")) { try listener.accept() }
    }

    @Test func aProgramsErrorIsThatOfTheRun() async throws {
        struct Failure: Error {}
        let simulation = Simulation(seed: 1)
        await #expect(throws: Failure.self) { try await simulation.run { throw Failure() } }
    }

    @Test func tasksThatAreCancelledOutsideEnd() async throws {
        let simulation = Simulation(seed: 1)
        let clock = simulation.clock
        let task = Task {
            try await simulation.run {
                while true { try await clock.sleep(for: .seconds(1)) }
            }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func theSameSeedGivesTheSamePackets() async throws {
        let first = try await Self.transfer(seed: 3)
        let second = try await Self.transfer(seed: 3)
        let other = try await Self.transfer(seed: 4)
        #expect(first == second)
        #expect(first.digest != other.digest)
        #expect(first.packets > 100)
    }

    /// What a transfer over a bad link had for packets.
    private static func transfer(seed: UInt64) async throws -> SimulationTrace {
        var link = Impairments()
        link.loss = .percent(5)
        link.delay = .milliseconds(10)
        link.jitter = .milliseconds(5)
        let simulation = Simulation(seed: seed, memoryLimit: 16 << 20)
        let server = try simulation.addHost("server")
        let client = try simulation.addHost("client", link: link)
        try await simulation.run {
            let address = SocketAddress(address: simulation.addresses(of: "server")[0], port: 7)
            let listener = try Socket(.stream, on: server)
            try listener.bind(to: address)
            try listener.listen()
            async let received = Self.count(listener)
            let socket = try Socket(.stream, on: client)
            try await socket.connect(to: address)
            try await socket.send([UInt8](repeating: 7, count: 200_000))
            try socket.shutdown(.sending)
            #expect(try await received == 200_000)
        }
        return simulation.trace
    }

    private static func count(_ listener: Socket) async throws -> Int {
        let socket = try await listener.accept()
        var buffer = [UInt8](repeating: 0, count: 10_000)
        var total = 0
        while true {
            let count = try await socket.receive(into: &buffer)
            if count == 0 { return total }
            total += count
        }
    }
}
