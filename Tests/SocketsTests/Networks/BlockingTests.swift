import Devices
import Glibc
import NetworkTesting
import Sockets
import Stack
import Synchronization
import Testing
import Wire

/// Calls that block the thread: on a host of Sockeye's and on the kernel, the same program.
@Suite("Blocking calls") struct BlockingTests {
    static let networks: [TestedNetwork] = [.stack, .kernel]

    @Test("an echo comes back between threads", arguments: networks)
    func echo(_ network: TestedNetwork) async throws {
        try await network.run { place in
            let listener = try place.listener()
            let isServed = Parker()
            try SystemThread.start {
                Self.serveOne(listener)
                isServed.unpark()
            }
            try Self.ask(place, try listener.localAddress)
            #expect(isServed.park(until: MonotonicClock.now() + .seconds(5)))
        }
    }

    private static func serveOne(_ listener: Socket) {
        guard let socket = try? listener.accept() else { return }
        var bytes = [UInt8](repeating: 0, count: 100)
        while true {
            var buffer = bytes.mutableSpan
            guard let count = try? socket.receive(into: &buffer), count > 0 else { return }
            try? socket.sendAll(bytes.span.extracting(first: count))
        }
    }

    private static func ask(_ place: Place, _ address: SocketAddress) throws {
        let socket = try Socket(.stream, on: place.client)
        try socket.connect(to: address)
        let question: [UInt8] = [1, 2, 3]
        try socket.sendAll(question.span)
        var bytes = [UInt8](repeating: 0, count: 3)
        var buffer = bytes.mutableSpan
        let count = try socket.receiveMessage(into: &buffer, flags: .waitAll).count
        #expect(count == 3)
        #expect(bytes == question)
    }

    @Test("calls give up after their timeouts", arguments: networks)
    func timeouts(_ network: TestedNetwork) async throws {
        try await network.run { place in
            let (client, server) = try await place.connection()
            defer { server.close() }
            client.receiveTimeout = .milliseconds(30)
            let began = MonotonicClock.now()
            try Self.expectNothing(client, EAGAIN)
            #expect(MonotonicClock.now() - began >= .milliseconds(30))
            client.isNonblocking = true
            client.receiveTimeout = nil
            try Self.expectNothing(client, EAGAIN)
        }
    }

    @Test("closing wakes threads that block with EBADF", arguments: networks)
    func closing(_ network: TestedNetwork) async throws {
        try await network.run { place in
            let (client, server) = try await place.connection()
            defer { server.close() }
            let listener = try place.listener()
            let isWoken = Parker()
            let codes = Mutex<[CInt]>([])
            try SystemThread.start {
                let code = Self.code { () throws(SocketError) in _ = try listener.accept() }
                codes.withLock { $0.append(code) }
                isWoken.unpark()
            }
            try await Task.sleep(for: .milliseconds(30))
            listener.close()
            #expect(isWoken.park(until: MonotonicClock.now() + .seconds(5)))
            client.close()
            try Self.expectNothing(client, EBADF)
            #expect(codes.withLock { $0 } == [EBADF])
        }
    }

    private static func expectNothing(_ socket: Socket, _ code: CInt) throws {
        var bytes = [UInt8](repeating: 0, count: 1)
        let met = Self.code { () throws(SocketError) in
            var buffer = bytes.mutableSpan
            _ = try socket.receive(into: &buffer)
        }
        #expect(met == code)
    }

    private static func code(_ body: () throws(SocketError) -> Void) -> CInt {
        do throws(SocketError) {
            try body()
            return 0
        } catch {
            return error.code
        }
    }
}
