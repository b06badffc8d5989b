import Glibc
import Sockets
import Stack
import Testing

/// What epoll(7) says, of sockets of a stack.
@Suite("A set of sockets")
struct ReadySetTests {
    let driver: HostDriver
    let set: ReadySet

    init() throws {
        driver = try lonelyHost()
        set = try ReadySet()
    }

    private func poll() throws -> [ReadySet.Event] { try set.wait(atMost: 64, for: .zero) }

    @Test("tells of a socket for as long as it is ready")
    func level() throws {
        defer { driver.stop() }
        let pair = try DatagramPair(driver, port: 1000)
        try set.add(.socket(pair.receiver), for: .readable, token: 7)
        #expect(try poll().isEmpty)
        try pair.send()
        for _ in 0..<3 {
            let events = try poll()
            #expect(events == [ReadySet.Event(token: 7, events: .readable, epollEvents: 1)])
        }
        try pair.receive()
        #expect(try poll().isEmpty)
    }

    @Test("asks for what a socket is ready for when an event is taken, not when it came")
    func stale() throws {
        defer { driver.stop() }
        let pair = try DatagramPair(driver, port: 1000)
        try set.add(.socket(pair.receiver), for: .readable, .edgeTriggered, token: 7)
        try pair.send()
        try pair.receive()
        #expect(try poll().isEmpty)
        #expect(!kernelPoll(set.descriptor))
    }

    @Test("tells of an edge once, and of the next again, whatever was left unread")
    func edge() throws {
        defer { driver.stop() }
        let pair = try DatagramPair(driver, port: 1000)
        try pair.send()
        try set.add(.socket(pair.receiver), for: .readable, .edgeTriggered, token: 7)
        #expect(try poll().count == 1)
        #expect(try poll().isEmpty)
        try pair.send()
        try waitUntil { kernelPoll(set.descriptor) }
        #expect(try poll().count == 1)
        #expect(try poll().isEmpty)
        #expect(try pair.receive() == 3)
        #expect(try poll().isEmpty)
    }

    @Test("tells of a one-shot member once, and again when it was modified")
    func oneShot() throws {
        defer { driver.stop() }
        let pair = try DatagramPair(driver, port: 1000)
        try set.add(.socket(pair.receiver), for: .readable, .oneShot, token: 7)
        try pair.send()
        #expect(try poll().count == 1)
        #expect(try poll().isEmpty)
        try pair.send()
        #expect(try poll().isEmpty)
        #expect(!kernelPoll(set.descriptor))
        try set.modify(.socket(pair.receiver), for: .readable, .oneShot, token: 8)
        #expect(kernelPoll(set.descriptor))
        #expect(try poll().map(\.token) == [8])
        #expect(try poll().isEmpty)
    }

    @Test("changes what a member is watched for")
    func modify() throws {
        defer { driver.stop() }
        let pair = try DatagramPair(driver, port: 1000)
        try set.add(.socket(pair.receiver), for: .writable, token: 1)
        #expect(try poll().map(\.events) == [.writable])
        try set.modify(.socket(pair.receiver), for: .readable, token: 2)
        #expect(try poll().isEmpty)
        try pair.send()
        #expect(try poll() == [ReadySet.Event(token: 2, events: .readable, epollEvents: 1)])
        try set.modify(.socket(pair.receiver), for: [.readable, .writable], token: 3)
        #expect(try poll().map(\.events) == [[.readable, .writable]])
        try set.modify(.socket(pair.receiver), for: [], token: 3)
        #expect(try poll().isEmpty)
    }

    @Test("tells of errors and hang-ups that nobody asked for, of a peer's end only who asks")
    func always() async throws {
        defer { driver.stop() }
        let net = try Wired()
        defer { net.end() }
        let listener = try net.listener(80)
        let client = Socket(.stream, on: net.left)
        try await client.connect(to: Wired.address(2, 80))
        let server = try await listener.accept()
        try set.add(.socket(client), for: [], token: 1)
        let asking = try ReadySet()
        try asking.add(.socket(client), for: .readHangup, token: 2)
        try server.shutdown(.sending)
        #expect(try asking.wait(atMost: 1, for: .seconds(5)).map(\.events) == [.readHangup])
        #expect(try poll().isEmpty)
        server.abort()
        let events = try set.wait(atMost: 1, for: .seconds(5))
        #expect(events.first?.events.contains([.error, .hangup]) == true)
    }

    @Test("refuses what epoll_ctl(2) refuses")
    func errors() throws {
        defer { driver.stop() }
        let pair = try DatagramPair(driver, port: 1000)
        let (one, two) = (Pollable.socket(pair.receiver), Pollable.socket(pair.sender))
        try set.add(one, for: .readable, token: 1)
        #expect(code { try set.add(one, for: .readable, token: 1) } == EEXIST)
        #expect(code { try set.modify(two, for: .readable, token: 1) } == ENOENT)
        #expect(code { try set.remove(two) } == ENOENT)
        #expect(code { try set.add(.set(set), for: .readable, token: 1) } == EINVAL)
        #expect(
            code { try set.add(two, for: .readable, [.exclusive, .oneShot], token: 1) } == EINVAL)
        #expect(code { try set.add(two, for: .readHangup, .exclusive, token: 1) } == EINVAL)
        #expect(code { try set.modify(one, for: .readable, .exclusive, token: 1) } == EINVAL)
        try set.add(two, for: .readable, .exclusive, token: 2)
        #expect(code { try set.modify(two, for: .readable, token: 2) } == EINVAL)
        #expect(code { _ = try set.wait(atMost: 0, for: .zero) } == EINVAL)
        #expect(code { try set.add(.descriptor(-1), for: .readable, token: 1) } == EBADF)
        pair.receiver.close()
        #expect(code { try set.modify(one, for: .readable, token: 1) } == ENOENT)
        #expect(code { try set.add(one, for: .readable, token: 1) } == EBADF)
        try set.remove(two)
        #expect(set.count == 0)
    }

    @Test("holds the same socket twice under two numbers, as copies of a descriptor are")
    func numbers() throws {
        defer { driver.stop() }
        let pair = try DatagramPair(driver, port: 1000)
        try set.add(.socket(pair.receiver), for: .readable, token: 1, number: 5)
        try set.add(.socket(pair.receiver), for: .readable, token: 2, number: 6)
        try pair.send()
        #expect(try poll().map(\.token).sorted() == [1, 2])
        try set.remove(.socket(pair.receiver), number: 5)
        #expect(try poll().map(\.token) == [2])
    }

    @Test("loses a socket that is closed, or that nobody refers to")
    func closing() throws {
        defer { driver.stop() }
        let other = try ReadySet()
        do {
            let pair = try DatagramPair(driver, port: 1000)
            for set in [set, other] {
                try set.add(.socket(pair.receiver), for: .readable, token: 1)
            }
            try set.add(.socket(pair.sender), for: .writable, token: 2)
            try pair.send()
            #expect(try poll().count == 2)
            #expect(try other.wait(atMost: 9, for: .zero).count == 1)
            pair.receiver.close()
            #expect(set.count == 1 && other.count == 0)
            #expect(try poll().map(\.token) == [2])
            #expect(!kernelPoll(other.descriptor))
        }
        #expect(set.count == 0)
        #expect(!kernelPoll(set.descriptor))
    }

    @Test("tells of all in turn when more are ready than are asked for")
    func fairness() throws {
        defer { driver.stop() }
        let sockets = try (0..<10).map { number in
            let socket = Socket(.datagram, on: driver)
            try set.add(.socket(socket), for: .writable, token: UInt64(number))
            return socket
        }
        var counts = [Int](repeating: 0, count: sockets.count)
        for _ in 0..<10 {
            for event in try set.wait(atMost: 3, for: .zero) { counts[Int(event.token)] += 1 }
        }
        #expect(counts.allSatisfy { $0 == 3 })
    }

    @Test("gives a wait its time, and no more")
    func timeout() throws {
        defer { driver.stop() }
        let pair = try DatagramPair(driver, port: 1000)
        try set.add(.socket(pair.receiver), for: .readable, token: 1)
        let clock = ContinuousClock()
        let start = clock.now
        #expect(try set.wait(atMost: 1, for: .milliseconds(50)).isEmpty)
        #expect(clock.now - start >= .milliseconds(49))
    }

    @Test("wakes one of several threads for each event of a one-shot member")
    func threads() async throws {
        defer { driver.stop() }
        let set = set
        let pairs = try (0..<8).map { try DatagramPair(driver, port: 1000 + UInt16($0)) }
        for (number, pair) in pairs.enumerated() {
            try set.add(.socket(pair.receiver), for: .readable, .oneShot, token: UInt64(number))
        }
        let told = try await withThrowingTaskGroup(of: [UInt64].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await onThread { () throws(SocketError) in
                        var told: [UInt64] = []
                        while true {
                            let events = try set.wait(atMost: 1, for: .milliseconds(500))
                            guard !events.isEmpty else { return told }
                            told += events.map(\.token)
                        }
                    }
                }
            }
            for pair in pairs { try pair.send() }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(told.sorted() == [0, 1, 2, 3, 4, 5, 6, 7])
    }

    @Test("wakes one of several sets that share a socket exclusively")
    func exclusive() async throws {
        defer { driver.stop() }
        let pair = try DatagramPair(driver, port: 1000)
        let sets = try (0..<4).map { _ in try ReadySet() }
        for set in sets {
            try set.add(
                .socket(pair.receiver), for: .readable, [.exclusive, .edgeTriggered], token: 1)
        }
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for set in sets {
                group.addTask {
                    try await onThread { () throws(SocketError) in
                        try set.wait(atMost: 1, for: .seconds(4)).count
                    }
                }
            }
            try await Task.sleep(for: .milliseconds(100))
            try pair.send()
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(counts.reduce(0, +) == 1)
    }

    @Test("suspends a task until something happens, or it is cancelled")
    func tasks() async throws {
        defer { driver.stop() }
        let set = set
        let pair = try DatagramPair(driver, port: 1000)
        try set.add(.socket(pair.receiver), for: .readable, token: 4)
        async let events = set.wait(atMost: 1)
        try await Task.sleep(for: .milliseconds(20))
        try pair.send()
        #expect(try await events.map(\.token) == [4])
        try pair.receive()
        let waiting = Task { try await set.wait(atMost: 1) }
        try await Task.sleep(for: .milliseconds(20))
        waiting.cancel()
        await #expect(throws: SocketError(ECANCELED, in: "epoll_wait")) { try await waiting.value }
    }

    @Test("costs what is ready, not how many there are")
    func many() throws {
        defer { driver.stop() }
        let idle = try (0..<10_000).map { number in
            let socket = Socket(.datagram, on: driver)
            try set.add(.socket(socket), for: .readable, token: UInt64(number))
            return socket
        }
        let pair = try DatagramPair(driver, port: 1000)
        try set.add(.socket(pair.receiver), for: .readable, token: 77_777)
        let clock = ContinuousClock()
        let start = clock.now
        for _ in 0..<1000 {
            try pair.sender.send([1].span, to: nil)
            let events = try set.wait(atMost: 64, for: .seconds(5))
            #expect(events.map(\.token) == [77_777])
            try pair.receive()
        }
        let time = clock.now - start
        // A look at every member takes 10 ms in a debug build.
        #expect(time < .seconds(3), "\(time)")
        #expect(set.count == idle.count + 1)
    }
}

/// Waits until `condition` holds, for five seconds at most.
func waitUntil(_ condition: () -> Bool) throws {
    for _ in 0..<5000 {
        if condition() { return }
        usleep(1000)
    }
    throw SocketError(ETIMEDOUT, in: "test")
}
