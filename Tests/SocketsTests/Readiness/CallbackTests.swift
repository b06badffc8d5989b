import Glibc
import Sockets
import Stack
import Synchronization
import Testing
import Wire

/// What O_ASYNC does with SIGIO and SIGURG.
@Suite("Readiness by callback")
struct CallbackTests {
    @Test("is told at each event, not of what was there, until it is replaced")
    func datagrams() throws {
        let driver = try lonelyHost()
        defer { driver.stop() }
        let pair = try DatagramPair(driver, port: 4000)
        try pair.send()
        let told = Mutex<[Readiness]>([])
        let other = Mutex(0)
        // The callback may call the socket: it is held under no lock.
        try pair.receiver.onReadiness(of: .readable) { events in
            _ = try? pair.receiver.readiness
            told.withLock { $0.append(events) }
        }
        #expect(told.withLock { $0 }.isEmpty)
        for count in 1...3 {
            try pair.sender.send([1].span, to: nil)
            try waitUntil { told.withLock { $0.count } == count }
        }
        #expect(told.withLock { $0 } == [.readable, .readable, .readable])
        try pair.receiver.onReadiness(of: .readable) { _ in other.withLock { $0 += 1 } }
        try pair.sender.send([1].span, to: nil)
        try waitUntil { other.withLock { $0 } == 1 }
        try pair.receiver.onReadiness(of: [], nil)
        try pair.send()
        #expect(told.withLock { $0.count } == 3)
        #expect(other.withLock { $0 } == 1)
    }

    @Test("is told of urgent bytes, and of a peer that hangs up")
    func urgent() async throws {
        let net = try Wired()
        defer { net.end() }
        let listener = try net.listener(80)
        let client = Socket(.stream, on: net.left)
        try await client.connect(to: Wired.address(2, 80))
        let server = try await listener.accept()
        let told = Mutex<Readiness>([])
        try client.onReadiness(of: .priority) { events in told.withLock { $0.formUnion(events) } }
        try await server.send([1, 2, 3])
        _ = try client.wait(for: .readable, atMost: .seconds(5))
        #expect(told.withLock { $0 } == [])
        try await server.sendUrgent(4)
        try waitUntil { told.withLock { $0 } == .priority }
        server.abort()
        try waitUntil { told.withLock { $0.contains([.error, .hangup]) } }
    }

    @Test("is told of the kernel's sockets too")
    func kernel() throws {
        let receiver = try Socket(.datagram, on: .kernel)
        try receiver.bind(to: SocketAddress(address: .v4(127, 0, 0, 1), port: 0))
        let sender = try Socket(.datagram, on: .kernel)
        try sender.connect(to: receiver.localAddress)
        let told = Mutex(0)
        try receiver.onReadiness(of: .readable) { _ in told.withLock { $0 += 1 } }
        _ = try sender.sendMessage([1].span)
        try waitUntil { told.withLock { $0 } == 1 }
        // Nothing was read: a datagram that comes is told of all the same.
        _ = try sender.sendMessage([1].span)
        try waitUntil { told.withLock { $0 } == 2 }
        receiver.close()
    }

    @Test("is refused by a closed socket")
    func closed() throws {
        let driver = try lonelyHost()
        defer { driver.stop() }
        let socket = Socket(.datagram, on: driver)
        socket.close()
        #expect(code { try socket.onReadiness(of: .readable) { _ in } } == EBADF)
    }
}
