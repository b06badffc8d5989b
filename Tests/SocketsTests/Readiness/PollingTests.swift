import Glibc
import Sockets
import Stack
import Testing

/// What poll(2) and select(2) say, of sockets and descriptors mixed.
@Suite("Polling several sockets")
struct PollingTests {
    let driver: HostDriver
    let pair: DatagramPair
    let pipe = KernelPipe()

    init() throws {
        driver = try lonelyHost()
        pair = try DatagramPair(driver, port: 3000)
    }

    @Test("answers each entry, and passes over those without a member")
    func answers() throws {
        defer { driver.stop() }
        var entries = [
            PollEntry(.socket(pair.receiver), for: [.readable, .writable]),
            PollEntry(nil, for: .readable),
            PollEntry(.descriptor(pipe.readEnd), for: .readable),
            PollEntry(.socket(pair.receiver), for: .readable),
        ]
        #expect(try Polling.poll(&entries, atMost: .zero) == 1)
        #expect(entries.map(\.ready) == [.writable, [], [], []])
        pipe.fill()
        try pair.send()
        #expect(try Polling.poll(&entries, atMost: nil) == 3)
        #expect(entries.map(\.ready) == [[.readable, .writable], [], .readable, .readable])
    }

    @Test("says of what is closed that it is invalid")
    func invalid() throws {
        defer { driver.stop() }
        pair.receiver.close()
        var entries = [
            PollEntry(.socket(pair.receiver), for: .readable),
            PollEntry(.descriptor(9999), for: .readable),
        ]
        #expect(try Polling.poll(&entries, atMost: nil) == 2)
        #expect(entries.allSatisfy { $0.isInvalid && $0.ready.isEmpty })
        #expect(
            code { _ = try Polling.select(reading: [.socket(pair.receiver)], atMost: nil) } == EBADF
        )
    }

    @Test("waits its time", arguments: [true, false])
    func timeout(hasDescriptor: Bool) throws {
        defer { driver.stop() }
        var entries = [PollEntry(.socket(pair.receiver), for: .readable)]
        if hasDescriptor { entries.append(PollEntry(.descriptor(pipe.readEnd), for: .readable)) }
        let clock = ContinuousClock()
        let start = clock.now
        #expect(try Polling.poll(&entries, atMost: .milliseconds(40)) == 0)
        let time = clock.now - start
        #expect(time >= .milliseconds(39) && time < .seconds(4), "\(time)")
    }

    @Test("is woken by a socket or by a descriptor", arguments: [true, false], [true, false])
    func waking(hasDescriptor: Bool, bySocket: Bool) async throws {
        defer { driver.stop() }
        guard hasDescriptor || bySocket else { return }
        let (pair, pipe) = (pair, pipe)
        let waiting = Task {
            try await onThread { () throws(SocketError) -> [Readiness] in
                var entries = [PollEntry(.socket(pair.receiver), for: .readable)]
                if hasDescriptor {
                    entries.append(PollEntry(.descriptor(pipe.readEnd), for: .readable))
                }
                _ = try Polling.poll(&entries, atMost: .seconds(5))
                return entries.map(\.ready)
            }
        }
        try await Task.sleep(for: .milliseconds(30))
        if bySocket { try pair.sender.send([1].span, to: nil) } else { pipe.fill() }
        let expected: [Readiness] = bySocket ? [.readable, []] : [[], .readable]
        #expect(try await waiting.value == Array(expected.prefix(hasDescriptor ? 2 : 1)))
    }

    @Test("suspends a task, until it is cancelled")
    func tasks() async throws {
        defer { driver.stop() }
        let pair = pair
        let waiting = Task {
            var entries = [PollEntry(.socket(pair.receiver), for: .readable)]
            return try await Polling.poll(&entries)
        }
        try await Task.sleep(for: .milliseconds(20))
        try pair.sender.send([1].span, to: nil)
        #expect(try await waiting.value == 1)
        try pair.receive()
        let cancelled = Task {
            var entries = [PollEntry(.socket(pair.receiver), for: .readable)]
            return try await Polling.poll(&entries)
        }
        try await Task.sleep(for: .milliseconds(20))
        cancelled.cancel()
        await #expect(throws: SocketError(ECANCELED, in: "poll")) { try await cancelled.value }
    }

    @Test("selects what can be read, written or is urgent")
    func select() throws {
        defer { driver.stop() }
        let members: [Pollable] = [.socket(pair.receiver), .descriptor(pipe.readEnd)]
        var selection = try Polling.select(
            reading: members, writing: [.socket(pair.sender)], urgent: members, atMost: nil)
        #expect(selection.reading == [] && selection.writing == [0] && selection.urgent == [])
        pipe.fill()
        try pair.send()
        selection = try Polling.select(reading: members, atMost: nil)
        #expect(selection.reading == [0, 1] && selection.count == 2)
        selection = try Polling.select(reading: [], urgent: members, atMost: .milliseconds(10))
        #expect(selection.count == 0)
    }

    @Test("calls a socket readable to select whose peer is gone")
    func hangup() throws {
        defer { driver.stop() }
        let stream = Socket(.stream, on: driver)
        let selection = try Polling.select(
            reading: [.socket(stream)], writing: [.socket(stream)], atMost: nil)
        #expect(selection.reading == [0] && selection.writing == [0])
        // It hangs up, and that is not urgent.
        let urgent = try Polling.select(
            reading: [], urgent: [.socket(stream)], atMost: .milliseconds(20))
        #expect(urgent.count == 0)
    }
}
