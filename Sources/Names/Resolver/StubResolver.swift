import Devices
import Sockets
import Stack
import Synchronization
import Wire

/// Asks servers over the sockets of a network: drives `Resolution`.
final class StubResolver: Sendable {
    private struct State: Sendable {
        var cache: NameCache
        var random: NameRandom
        /// Which server is first, where they take turns.
        var turn = 0
    }

    private let network: Network
    private let port: UInt16
    private let state: Mutex<State>

    init(_ network: Network, port: UInt16, cacheLimit: Int, _ random: NameRandom) {
        self.network = network
        self.port = port
        state = Mutex(State(cache: NameCache(limit: cacheLimit), random: random))
    }

    /// A question that `resolve` then finds the answer to.
    func resolution(
        of search: SearchList, _ types: [DNSType], _ configuration: ResolverConfiguration,
        _ surroundings: NetworkSurroundings
    ) -> Resolution {
        let servers = configuration.servers.map { server in
            let scope = server.zone.flatMap { surroundings.scope($0, of: server.address.v6) }
            return SocketAddress(
                address: server.address, port: port, zone: UInt16(clamping: scope ?? 0))
        }
        let first = state.withLock { state in
            defer { state.turn &+= 1 }
            return configuration.rotates ? state.turn & 0xFFFF : 0
        }
        return Resolution(search, types, of: servers, firstServer: first, configuration)
    }

    private func next(_ resolution: inout Resolution) -> Resolution.Step {
        let now = network.clock.now
        return state.withLock { state in
            resolution.next(&state.cache, &state.random, at: now)
        }
    }

    // MARK: - Blocking

    /// Blocks the thread until the question is answered or nobody answers it.
    func resolve(_ given: Resolution) -> Resolution.Outcome {
        var resolution = given
        while true {
            switch next(&resolution) {
            case .finished(let outcome): return outcome
            case .exchange(let exchange):
                do throws(SocketError) {
                    try perform(exchange, &resolution)
                } catch {
                    resolution.giveUpExchange()
                }
            }
        }
    }

    /// - Throws: `EAGAIN` when its time is over, or what kept the server from answering.
    private func perform(
        _ exchange: Inquiry.Exchange, _ resolution: inout Resolution
    ) throws(SocketError) {
        let socket = try open(exchange)
        defer { socket.close() }
        socket.sendTimeout = left(exchange)
        try socket.connect(to: exchange.server)
        for message in exchange.messages {
            try socket.sendAll(framed(message, exchange.transport).span)
        }
        var replies = Replies(exchange.transport)
        repeat {
            try socket.wait(for: .readable, atMost: left(exchange))
        } while try !replies.take(from: socket, &resolution)
    }

    // MARK: - Suspending

    /// Suspends the task until the question is answered or nobody answers it.
    ///
    /// - Throws: `ECANCELED` when the task is cancelled.
    func resolve(_ given: Resolution) async throws(SocketError) -> Resolution.Outcome {
        var resolution = given
        while true {
            switch next(&resolution) {
            case .finished(let outcome): return outcome
            case .exchange(let exchange):
                do throws(SocketError) {
                    try await perform(exchange, &resolution)
                } catch {
                    if error.isCancellation { throw error }
                    resolution.giveUpExchange()
                }
            }
        }
    }

    private func perform(
        _ exchange: Inquiry.Exchange, _ resolution: inout Resolution
    ) async throws(SocketError) {
        let socket = try open(exchange)
        defer { socket.close() }
        let whole = exchange.messages.map { framed($0, exchange.transport) }
        let clock = network.clock
        try await clock.run(until: exchange.deadline) { () async throws(SocketError) in
            try await socket.connect(to: exchange.server)
            for message in whole { try await socket.send(message) }
        }
        var replies = Replies(exchange.transport)
        repeat {
            try await clock.run(until: exchange.deadline) { () async throws(SocketError) in
                try await socket.wait(for: .readable)
            }
        } while try !replies.take(from: socket, &resolution)
    }

    // MARK: - Parts of both

    /// A socket of its own for each exchange, so that its port is another random one.
    private func open(_ exchange: Inquiry.Exchange) throws(SocketError) -> Socket {
        try Socket(
            exchange.transport == .stream ? .stream : .datagram,
            family: exchange.server.address.isIPv4 ? .inet : .inet6, on: network)
    }

    private func left(_ exchange: Inquiry.Exchange) -> Duration {
        .nanoseconds(max(0, (exchange.deadline - network.clock.now).nanoseconds))
    }

    private func framed(_ message: [UInt8], _ transport: Inquiry.Transport) -> [UInt8] {
        transport == .stream ? DNSFraming.framed(message) : message
    }
}

/// What comes from a server in one exchange.
private struct Replies {
    private let transport: Inquiry.Transport
    private var buffer = [UInt8](repeating: 0, count: 65_536)
    /// Bytes of a stream that are no whole message yet.
    private var held: [UInt8] = []

    init(_ transport: Inquiry.Transport) { self.transport = transport }

    /// Takes what is there; whether the exchange is over.
    ///
    /// - Throws: `EAGAIN` never; `ECONNRESET` at the end of a stream.
    mutating func take(
        from socket: Socket, _ resolution: inout Resolution
    ) throws(SocketError) -> Bool {
        let count: Int
        do throws(SocketError) {
            var span = buffer.mutableSpan
            count = try socket.receiveNow(into: &span)
        } catch {
            // Somebody else's datagram had a wrong checksum.
            if error.isWouldBlock { return false }
            throw error
        }
        guard transport == .stream else {
            return resolution.receive(buffer[..<count], over: .datagram)
        }
        guard count > 0 else { throw SocketError(.connectionReset, in: "recv") }
        held += buffer[..<count]
        while let message = DNSFraming.takeMessage(from: &held) {
            if resolution.receive(message[...], over: .stream) { return true }
        }
        return false
    }
}
