import Devices
import Stack

/// The name of somebody who waits.
struct WaitID: Hashable, Sendable {
    let number: UInt64
}

/// Who waits for an endpoint to become ready, and for what.
struct Waiter: Sendable {
    enum Wake: Sendable {
        /// A thread that blocks.
        case thread(Parker)
        /// A task that is suspended.
        case task(CheckedContinuation<Void, Never>)
        /// Whoever polls it together with others.
        case gate(PollGate)
        /// Who is told of every event, for as long as it is in there; of several exclusive ones not
        /// all.
        case watcher(any EndpointWatcher, isExclusive: Bool)
    }

    let id: WaitID
    let events: Readiness
    let wake: Wake
}

/// All who wait on the endpoints of a host: several readers, a poll and a task may at once.
struct WaitList: Sendable {
    private var waiters: [EndpointID: [Waiter]] = [:]
    private var lastID: UInt64 = 0

    /// A name for somebody who will wait.
    mutating func nextID() -> WaitID {
        lastID += 1
        return WaitID(number: lastID)
    }

    mutating func add(_ waiter: Waiter, to endpoint: EndpointID) {
        waiters[endpoint, default: []].append(waiter)
    }

    /// Takes out one waiter; nil when it was woken before.
    mutating func remove(_ id: WaitID, from endpoint: EndpointID) -> Waiter? {
        guard let place = waiters[endpoint]?.firstIndex(where: { $0.id == id }) else { return nil }
        let waiter = waiters[endpoint]?.remove(at: place)
        if waiters[endpoint]?.isEmpty == true { waiters[endpoint] = nil }
        return waiter
    }

    /// Takes out `watcher`; those taken out are to be let go of outside of the lock.
    mutating func remove(
        _ watcher: any EndpointWatcher, from endpoint: EndpointID
    ) -> [Waiter] {
        guard let list = waiters[endpoint] else { return [] }
        let remaining = list.filter { $0.watcher !== watcher }
        waiters[endpoint] = remaining.isEmpty ? nil : remaining
        return list.filter { $0.watcher === watcher }
    }

    /// All who are told of every event of `endpoint`.
    func watchers(of endpoint: EndpointID) -> [any EndpointWatcher] {
        (waiters[endpoint] ?? []).compactMap(\.watcher)
    }

    /// Takes out who waits for one of `events`, to be woken; watchers stay and are told as well.
    mutating func take(
        _ endpoint: EndpointID, _ events: Readiness, into woken: inout [(Waiter, Readiness)]
    ) {
        guard let list = waiters[endpoint] else { return }
        // An error or hang-up concerns everyone, as in `poll`.
        let concerns = !events.isDisjoint(with: [.error, .hangup])
        var isServed = false
        var staysWhole = true
        for waiter in list where concerns || !waiter.events.isDisjoint(with: events) {
            if case .watcher(let watcher, let isExclusive) = waiter.wake {
                // Of those who are told one by one, the first that somebody waits on is enough.
                if isExclusive, isServed { continue }
                if isExclusive, watcher.isWaitedOn { isServed = true }
            } else {
                staysWhole = false
            }
            woken.append((waiter, events))
        }
        guard !staysWhole else { return }
        let remaining = list.filter { waiter in
            waiter.watcher != nil || !concerns && waiter.events.isDisjoint(with: events)
        }
        waiters[endpoint] = remaining.isEmpty ? nil : remaining
    }

    /// What is waited for, on which endpoints, in the order in which it began.
    var all: [(endpoint: EndpointID, events: Readiness)] {
        let all = waiters.flatMap { endpoint, waiters in
            waiters.map { (endpoint: endpoint, waiter: $0) }
        }
        return all.sorted { $0.waiter.id.number < $1.waiter.id.number }
            .map { ($0.endpoint, $0.waiter.events) }
    }

    /// Takes out everyone: the host is gone.
    mutating func takeEveryone(into woken: inout [(Waiter, Readiness)]) {
        for endpoint in Array(waiters.keys) { takeAll(endpoint, into: &woken) }
    }

    /// Takes out everyone who waits on `endpoint`: it is gone.
    mutating func takeAll(_ endpoint: EndpointID, into woken: inout [(Waiter, Readiness)]) {
        for waiter in waiters.removeValue(forKey: endpoint) ?? [] {
            woken.append((waiter, [.hangup]))
        }
    }
}

extension Waiter {
    var watcher: (any EndpointWatcher)? {
        if case .watcher(let watcher, _) = wake { watcher } else { nil }
    }

    /// Wakes whoever it is; the host's lock must not be held.
    func resume(_ events: Readiness) {
        switch wake {
        case .thread(let parker): parker.unpark()
        case .task(let continuation): continuation.resume()
        case .gate(let gate): gate.open()
        case .watcher(let watcher, _): watcher.note(events.subtracting(.room))
        }
    }

    /// Wakes whoever it is, the endpoint being closed; the host's lock must not be held.
    func end() {
        if let watcher { watcher.endpointClosed() } else { resume(.hangup) }
    }
}

extension Readiness {
    static var everything: Readiness {
        [
            .readable, .writable, .error, .hangup, .readHangup, .connected, .priority, .drained,
            .room,
        ]
    }

    /// What wakes who waits for these: an error and a hang-up too, as in `poll`. Who waits for room
    /// is told of those by it.
    var withEnds: Readiness { contains(.room) ? self : union([.error, .hangup]) }
}
