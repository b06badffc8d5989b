import Glibc
import Sockets
import Stack
import Testing
import Wire

/// Every await point ends when its task is cancelled and when its deadline has come, and the socket
/// is as good as before.
@Suite("Cancellation and deadlines")
struct DeadlineTests {
    /// A call that waits for what never comes.
    enum Call: String, CaseIterable, Sendable {
        case accept, receive, receiveMessage, send, sendMessage, wait, poll, setWait, datagram
    }

    /// Sockets on which each call waits.
    struct Situation: Sendable {
        let listener: Socket
        let client: Socket
        let server: Socket
        let datagrams: Socket
        let set: ReadySet

        init(_ network: Network, _ address: IPAddress) async throws {
            listener = try Socket(.stream, on: network)
            try listener.bind(to: SocketAddress(address: address, port: 0))
            try listener.listen()
            client = try Socket(.stream, on: network)
            let accepting = listener
            async let accepted = accepting.accept()
            try await client.connect(to: listener.localAddress)
            server = try await accepted
            datagrams = try Socket(.datagram, on: network)
            try datagrams.bind(to: SocketAddress(address: address, port: 0))
            set = try ReadySet()
            try set.add(.socket(client), for: .readable, token: 1)
        }

        func make(_ call: Call) async throws {
            var buffer = [UInt8](repeating: 0, count: 100)
            let much = [UInt8](repeating: 0, count: 32 << 20)
            switch call {
            case .accept: _ = try await listener.accept()
            case .receive: _ = try await client.receive(into: &buffer)
            case .receiveMessage: _ = try await client.receiveMessage(into: &buffer)
            case .send: try await client.send(much)
            case .sendMessage:
                while true { _ = try await client.sendMessage(much) }
            case .wait: try await client.wait(for: .readable)
            case .poll:
                var entries = [PollEntry(.socket(client), for: .readable)]
                _ = try await Polling.poll(&entries)
            case .setWait: _ = try await set.wait(atMost: 1)
            case .datagram: _ = try await datagrams.receiveMessage(into: &buffer)
            }
        }

        /// The error with which a call ends.
        func code(of call: Call) async -> CInt {
            do {
                try await make(call)
                return 0
            } catch {
                return (error as? SocketError)?.code ?? -1
            }
        }
    }

    private static let loopback = IPAddress.v4(127, 0, 0, 1)

    private static func onBoth(
        _ body: (Network) async throws -> Void
    ) async throws {
        let driver = try lonelyHost()
        defer { driver.stop() }
        try await body(Network(driver))
        try await body(.kernel)
    }

    @Test("end every call of a task that is cancelled, on both networks", arguments: Call.allCases)
    func cancellation(call: Call) async throws {
        try await Self.onBoth { network in
            let situation = try await Situation(network, Self.loopback)
            let task = Task { await situation.code(of: call) }
            try await Task.sleep(for: .milliseconds(30))
            task.cancel()
            #expect(await task.value == ECANCELED)
            // Cancelled before it began.
            let early = Task {
                while !Task.isCancelled { await Task.yield() }
                return await situation.code(of: call)
            }
            early.cancel()
            #expect(await early.value == ECANCELED)
            try await Self.expectAlive(situation)
        }
    }

    @Test("end every call at its deadline, on both networks", arguments: Call.allCases)
    func deadline(call: Call) async throws {
        try await Self.onBoth { network in
            let situation = try await Situation(network, Self.loopback)
            let clock = network.clock
            let start = clock.now
            let code = await clock.withTimeout(.milliseconds(40)) {
                await situation.code(of: call)
            }
            #expect(code == ETIMEDOUT)
            #expect(start.duration(to: clock.now) >= .milliseconds(40))
            try await Self.expectAlive(situation)
        }
    }

    /// What was not taken is there, and what comes is heard.
    private static func expectAlive(_ situation: Situation) async throws {
        try await situation.server.send([1, 2, 3])
        var buffer = [UInt8](repeating: 0, count: 10)
        let count = try await situation.client.receive(into: &buffer)
        #expect(Array(buffer[..<count]) == [1, 2, 3])
    }

    @Test("hold in child tasks too, the earliest first, and not after the block")
    func scope() async throws {
        try await Self.onBoth { network in
            let situation = try await Situation(network, Self.loopback)
            let clock = network.clock
            let code = await clock.withTimeout(.seconds(100)) {
                await clock.withTimeout(.milliseconds(20)) {
                    async let code = situation.code(of: .receive)
                    return await code
                }
            }
            #expect(code == ETIMEDOUT)
            let outer = await clock.withTimeout(.milliseconds(20)) {
                await clock.withTimeout(.seconds(100)) { await situation.code(of: .receive) }
            }
            #expect(outer == ETIMEDOUT)
            let server = situation.server
            async let sent: Void = {
                try await Task.sleep(for: .milliseconds(60))
                try await server.send([1])
            }()
            #expect(await situation.code(of: .receive) == 0)
            try await sent
        }
    }

    @Test("leave alone what need not wait")
    func ready() async throws {
        try await Self.onBoth { network in
            let situation = try await Situation(network, Self.loopback)
            try await situation.server.send([1])
            try await situation.client.wait(for: .readable)
            let code = await network.clock.withTimeout(.zero) {
                await situation.code(of: .receive)
            }
            #expect(code == 0)
        }
    }

    @Test("are kept beside the socket's own timeouts, which async calls honour as others do")
    func timeouts() async throws {
        try await Self.onBoth { network in
            let situation = try await Situation(network, Self.loopback)
            situation.client.receiveTimeout = .milliseconds(30)
            situation.client.sendTimeout = .milliseconds(30)
            situation.listener.receiveTimeout = .milliseconds(30)
            for call in [Call.receive, .receiveMessage, .send, .sendMessage, .accept] {
                #expect(await situation.code(of: call) == EAGAIN, "\(call)")
            }
        }
    }

    @Test("run in the virtual time of a simulation")
    func simulated() async throws {
        let simulation = Simulation(seed: 1)
        let network = try simulation.addHost("one")
        let clock = ContinuousClock()
        let start = clock.now
        try await simulation.run {
            let situation = try await Situation(network, Self.loopback)
            for call in Call.allCases where call != .send && call != .sendMessage {
                let before = network.clock.now
                let code = await network.clock.withTimeout(.seconds(3600)) {
                    await situation.code(of: call)
                }
                #expect(code == ETIMEDOUT, "\(call)")
                #expect(before.duration(to: network.clock.now) == .seconds(3600))
            }
            #expect(throws: SocketError(EDEADLK, in: "epoll_wait")) {
                _ = try situation.set.wait(atMost: 1, for: .seconds(1))
            }
        }
        // Hours passed there; other tests may hold up the threads that this one wants.
        #expect(clock.now - start < .seconds(120))
    }
}
