import Devices
import Glibc
import Stack
import Synchronization

/// What is polled, what for, and the answer: POSIX `struct pollfd`.
public struct PollEntry: Sendable {
    /// nil to pass it over.
    public var member: Pollable?
    /// What it is asked for; errors and hang-ups are told of in any case.
    public var events: Readiness
    /// What it is ready for, of that.
    public internal(set) var ready: Readiness = []
    /// Whether it is closed (`POLLNVAL`).
    public internal(set) var isInvalid = false

    public init(_ member: Pollable?, for events: Readiness) {
        self.member = member
        self.events = events
    }

    var isAnswered: Bool { isInvalid || !ready.isEmpty }
}

/// Looks at several sockets at once, of whatever networks, and at kernel descriptors among them:
/// POSIX `poll` and `select`. A `ReadySet` does the same for many, again and again.
public enum Polling {
    /// Waits until something is ready, as long as `limit` at most, nil for ever; how many entries
    /// have an answer, 0 when the time is over. POSIX `poll`.
    ///
    /// - Throws: `EINVAL` for more kernel descriptors than a process may open; `EMFILE` where
    ///   sockets and descriptors are mixed and none is left; `EDEADLK` where it would block the only
    ///   thread of a simulation.
    public static func poll(
        _ entries: inout [PollEntry], atMost limit: Duration?
    ) throws(SocketError) -> Int {
        let deadline = limit.map { MonotonicClock.now() + Interval($0) } ?? .never
        while true {
            let count = try look(&entries)
            if count > 0 || limit == .zero { return count }
            guard try PollWait(entries).block(until: deadline) else { return try look(&entries) }
        }
    }

    /// Waits until something is ready; how many entries have an answer. POSIX `poll` without a
    /// limit.
    ///
    /// - Throws: `ECANCELED` when the task is cancelled, `ETIMEDOUT` at its deadline; what `poll` throws.
    public static func poll(_ entries: inout [PollEntry]) async throws(SocketError) -> Int {
        while true {
            let count = try look(&entries)
            if count > 0 { return count }
            try await PollWait(entries).suspend()
        }
    }

    /// Answers each entry and does not wait; how many have an answer.
    private static func look(_ entries: inout [PollEntry]) throws(SocketError) -> Int {
        var descriptors: [DescriptorPoll.Entry] = []
        for index in entries.indices {
            let member = entries[index].member
            entries[index].isInvalid = false
            entries[index].ready = []
            if let descriptor = member?.descriptor {
                // Closed: to poll(2) it would be nothing that is asked for.
                guard descriptor >= 0 else {
                    entries[index].isInvalid = true
                    continue
                }
                let events = entries[index].events.pollEvents
                descriptors.append(DescriptorPoll.Entry(descriptor, events))
            } else if let endpoint = member?.endpoint {
                answer(&entries[index], endpoint)
            }
        }
        if !descriptors.isEmpty { try ask(&descriptors, for: &entries) }
        return entries.count { $0.isAnswered }
    }

    private static func answer(_ entry: inout PollEntry, _ endpoint: any NetworkEndpoint) {
        do throws(SocketError) {
            let told = entry.events.union([.error, .hangup])
            entry.ready = try endpoint.readiness.intersection(told)
        } catch {
            entry.isInvalid = true
        }
    }

    private static func ask(
        _ descriptors: inout [DescriptorPoll.Entry], for entries: inout [PollEntry]
    ) throws(SocketError) {
        do throws(DeviceError) {
            try DescriptorPoll.wait(&descriptors, until: .zero)
        } catch {
            throw SocketError(error.code, in: "poll")
        }
        var next = 0
        for index in entries.indices where !entries[index].isInvalid {
            guard entries[index].member?.descriptor != nil else { continue }
            let answer = descriptors[next].answer
            entries[index].isInvalid = answer & Int16(POLLNVAL) != 0
            entries[index].ready = Readiness(pollEvents: answer)
            next += 1
        }
    }

    /// Waits until one of several can be read, written or has urgent bytes, as long as `limit` at
    /// most, nil for ever; which, by their places in the arguments. POSIX `select`.
    ///
    /// - Throws: `EBADF` when one is closed; what `poll` throws.
    public static func select(
        reading: [Pollable], writing: [Pollable] = [], urgent: [Pollable] = [],
        atMost limit: Duration?
    ) throws(SocketError) -> Selection {
        // What select(2) calls readable is more than what poll(2) does: an end, and an error, too.
        let asked: [(members: [Pollable], events: Readiness, answers: Readiness)] = [
            (reading, .readable, [.readable, .hangup, .error]),
            (writing, .writable, [.writable, .error]), (urgent, .priority, .priority),
        ]
        let deadline = limit.map { MonotonicClock.now() + Interval($0) }
        while true {
            var entries = asked.flatMap { asked in
                asked.members.map { PollEntry($0, for: asked.events) }
            }
            let left = deadline.map { Duration(max($0 - MonotonicClock.now(), .zero)) }
            let count = try poll(&entries, atMost: left)
            if entries.contains(where: { $0.isInvalid }) { throw SocketError(EBADF, in: "select") }
            var answers: [[Int]] = []
            var from = 0
            for (members, _, wanted) in asked {
                answers.append(
                    members.indices.filter { !entries[from + $0].ready.isDisjoint(with: wanted) })
                from += members.count
            }
            let selection = Selection(
                reading: answers[0], writing: answers[1], urgent: answers[2])
            if count == 0 || selection.count > 0 { return selection }
            // A hang-up is no answer to whoever only writes, and does not go away.
            if left == .zero { return selection }
            PollWait.pause(until: deadline ?? .never)
        }
    }

    /// Which of the arguments of `select` are ready, by their places.
    public struct Selection: Equatable, Sendable {
        public let reading: [Int]
        public let writing: [Int]
        public let urgent: [Int]

        /// How many bits `select` would have left set.
        public var count: Int { reading.count + writing.count + urgent.count }
    }
}
