import Devices
import Dispatch
import Glibc
import Sockets
import Stack
import Synchronization
import Testing
import Wire

/// A stack in somebody else's event loop, and somebody else's descriptors in a set.
@Suite("Sockets and kernel descriptors")
struct MixedReadinessTests {
    let driver: HostDriver
    let set: ReadySet
    let pair: DatagramPair
    let pipe = KernelPipe()

    init() throws {
        driver = try lonelyHost()
        set = try ReadySet()
        pair = try DatagramPair(driver, port: 2000)
    }

    private func tokens() throws -> [UInt64] {
        try set.wait(atMost: 64, for: .zero).map(\.token).sorted()
    }

    @Test("are members of one set")
    func members() throws {
        defer { driver.stop() }
        try set.add(.socket(pair.receiver), for: .readable, token: 1)
        try set.add(.descriptor(pipe.readEnd), for: .readable, token: 2)
        #expect(try tokens() == [])
        pipe.fill()
        #expect(try tokens() == [2])
        #expect(try tokens() == [2])
        try pair.send()
        #expect(try tokens() == [1, 2])
        pipe.drain()
        #expect(try tokens() == [1])
        try set.remove(.descriptor(pipe.readEnd))
        pipe.fill()
        #expect(try tokens() == [1])
        #expect(set.count == 1)
    }

    @Test("are told of by edges, once, and refused as epoll_ctl(2) does")
    func options() throws {
        defer { driver.stop() }
        let end = Pollable.descriptor(pipe.readEnd)
        try set.add(end, for: .readable, .edgeTriggered, token: 2)
        #expect(code { try set.add(end, for: .readable, token: 2) } == EEXIST)
        pipe.fill()
        #expect(try tokens() == [2])
        #expect(try tokens() == [])
        try set.modify(end, for: .readable, .oneShot, token: 3)
        #expect(try tokens() == [3])
        #expect(try tokens() == [])
        #expect(code { try set.modify(.descriptor(pipe.writeEnd), for: [], token: 1) } == ENOENT)
        #expect(code { try set.remove(.descriptor(pipe.writeEnd)) } == ENOENT)
    }

    @Test("wake a thread that waits on both")
    func waking() async throws {
        defer { driver.stop() }
        let (set, pipe) = (set, pipe)
        try set.add(.socket(pair.receiver), for: .readable, token: 1)
        try set.add(.descriptor(pipe.readEnd), for: .readable, .oneShot, token: 2)
        let first = Task {
            try await onThread { () throws(SocketError) in
                try set.wait(atMost: 1, for: .seconds(5))
            }
        }
        try await Task.sleep(for: .milliseconds(30))
        pipe.fill()
        #expect(try await first.value.map(\.token) == [2])
        let second = Task {
            try await onThread { () throws(SocketError) in
                try set.wait(atMost: 1, for: .seconds(5))
            }
        }
        try await Task.sleep(for: .milliseconds(30))
        try pair.send()
        #expect(try await second.value.map(\.token) == [1])
    }

    @Test("suspend a task that waits on both")
    func tasks() async throws {
        defer { driver.stop() }
        let (set, pipe, pair) = (set, pipe, pair)
        try set.add(.socket(pair.receiver), for: .readable, token: 1)
        async let added = set.wait(atMost: 1)
        try await Task.sleep(for: .milliseconds(20))
        // The task waits for the socket already.
        try set.add(.descriptor(pipe.readEnd), for: .readable, .oneShot, token: 2)
        pipe.fill()
        #expect(try await added.map(\.token) == [2])
        async let socket = set.wait(atMost: 1)
        try await Task.sleep(for: .milliseconds(20))
        try pair.send()
        #expect(try await socket.map(\.token) == [1])
        try pair.receive()
        let cancelled = Task { try await set.wait(atMost: 1) }
        try await Task.sleep(for: .milliseconds(20))
        cancelled.cancel()
        await #expect(throws: SocketError(ECANCELED, in: "epoll_wait")) {
            try await cancelled.value
        }
        async let polled: [Readiness] = {
            var entries = [
                PollEntry(.socket(pair.receiver), for: .readable),
                PollEntry(.descriptor(pipe.writeEnd), for: []),
                PollEntry(.descriptor(pipe.readEnd), for: .readable),
            ]
            pipe.drain()
            let waiting = Task {
                try await Task.sleep(for: .milliseconds(20))
                pipe.fill()
            }
            _ = try await Polling.poll(&entries)
            try await waiting.value
            return entries.map(\.ready)
        }()
        #expect(try await polled == [[], [], .readable])
    }

    @Test("may be the kernel's own sockets, which leave when they are closed")
    func kernelSockets() throws {
        defer { driver.stop() }
        let receiver = try Socket(.datagram, on: .kernel)
        try receiver.bind(to: SocketAddress(address: .v4(127, 0, 0, 1), port: 0))
        let sender = try Socket(.datagram, on: .kernel)
        try sender.connect(to: receiver.localAddress)
        try set.add(.socket(receiver), for: .readable, token: 1)
        try set.add(.socket(pair.receiver), for: .readable, token: 2)
        #expect(code { try set.add(.socket(receiver), for: .readable, token: 1) } == EEXIST)
        #expect(try tokens() == [])
        _ = try sender.sendMessage([1, 2].span)
        #expect(try set.wait(atMost: 4, for: .seconds(5)).map(\.token) == [1])
        var entries = [
            PollEntry(.socket(receiver), for: .readable),
            PollEntry(.socket(pair.receiver), for: .readable),
        ]
        #expect(try Polling.poll(&entries, atMost: nil) == 1)
        #expect(kernelPoll(set.descriptor))
        receiver.close()
        #expect(set.count == 1)
        #expect(!kernelPoll(set.descriptor))
        #expect(code { try set.add(.socket(receiver), for: .readable, token: 1) } == EBADF)
        #expect(try Polling.poll(&entries, atMost: nil) == 1)
        #expect(entries[0].isInvalid)
    }

    @Test("share the places of a wait in turn")
    func fairness() throws {
        defer { driver.stop() }
        try set.add(.socket(pair.sender), for: .writable, token: 1)
        try set.add(.descriptor(pipe.writeEnd), for: .writable, token: 2)
        var counts = [0, 0, 0]
        for _ in 0..<20 {
            for event in try set.wait(atMost: 1, for: .zero) { counts[Int(event.token)] += 1 }
        }
        #expect(counts[1] >= 5 && counts[2] >= 5, "\(counts)")
    }

    @Test("make the set's descriptor readable to poll(2), exactly while a wait would tell of one")
    func descriptor() throws {
        defer { driver.stop() }
        try set.add(.socket(pair.receiver), for: .readable, token: 1)
        try set.add(.descriptor(pipe.readEnd), for: .readable, token: 2)
        #expect(!kernelPoll(set.descriptor))
        try pair.send()
        #expect(kernelPoll(set.descriptor))
        #expect(kernelPoll(set.descriptor))
        // Read without any wait on the set.
        try pair.receive()
        #expect(!kernelPoll(set.descriptor))
        pipe.fill()
        #expect(kernelPoll(set.descriptor))
        pipe.drain()
        #expect(!kernelPoll(set.descriptor))
        try pair.send()
        #expect(kernelPoll(set.descriptor))
        pair.receiver.close()
        #expect(!kernelPoll(set.descriptor))
    }

    @Test("nest: a set in a set in a kernel's epoll, and no circle")
    func nesting() throws {
        defer { driver.stop() }
        let outer = try ReadySet()
        try outer.add(.set(set), for: .readable, token: 9)
        try set.add(.socket(pair.receiver), for: .readable, token: 1)
        var kernel = try Poller()
        try kernel.add(outer.descriptor, token: 3)
        #expect(kernel.wait(until: .zero) == 0)
        try pair.send()
        #expect(kernel.wait(until: .zero) == 1)
        #expect(try outer.wait(atMost: 4, for: .zero).map(\.token) == [9])
        #expect(try set.wait(atMost: 4, for: .zero).map(\.token) == [1])
        try pair.receive()
        #expect(kernel.wait(until: .zero) == 0)
        #expect(try outer.wait(atMost: 4, for: .zero).isEmpty)
        #expect(code { try set.add(.set(outer), for: .readable, token: 1) } == ELOOP)
        #expect(code { try set.add(.set(set), for: .readable, token: 1) } == EINVAL)
        var chain = [outer]
        var failure: CInt = 0
        while failure == 0, chain.count < 12 {
            let next = try ReadySet()
            failure = code { try next.add(.set(chain[chain.count - 1]), for: .readable, token: 1) }
            chain.append(next)
        }
        // Five deep, as epoll_ctl(2) allows.
        #expect(failure == EINVAL || failure == ELOOP)
        #expect(chain.count == 6 || chain.count == 5, "\(chain.count)")
    }

    @Test("serve a Dispatch source")
    func dispatch() async throws {
        defer { driver.stop() }
        let (set, pair) = (set, pair)
        try set.add(.socket(pair.receiver), for: .readable, token: 1)
        let received = Mutex(0)
        let source = DispatchSource.makeReadSource(
            fileDescriptor: set.descriptor, queue: DispatchQueue(label: "loop"))
        await confirmation(expectedCount: 100) { confirm in
            await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
                source.setEventHandler {
                    for _ in (try? set.wait(atMost: 8, for: .zero)) ?? [] {
                        while (try? pair.receive()) != nil {
                            confirm()
                            let count = received.withLock { count in
                                count += 1
                                return count
                            }
                            if count == 100 { done.resume() }
                        }
                    }
                }
                source.resume()
                for number in 0..<100 {
                    try? pair.sender.send([UInt8(number)].span, to: nil)
                    if number % 10 == 0 { usleep(1000) }
                }
            }
        }
        source.cancel()
    }
}
