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
        /// A set that keeps an eye on it for as long as it is in there.
        case set(ReadySet, UInt64)
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

    /// Takes out all set watches of `set` on `endpoint`.
    mutating func remove(_ set: ReadySet, from endpoint: EndpointID) {
        waiters[endpoint]?.removeAll { waiter in
            if case .set(let other, _) = waiter.wake { other === set } else { false }
        }
        if waiters[endpoint]?.isEmpty == true { waiters[endpoint] = nil }
    }

    /// Takes out who waits for one of `events`, to be woken; sets stay and are told as well.
    mutating func take(
        _ endpoint: EndpointID, _ events: Readiness, into woken: inout [(Waiter, Readiness)]
    ) {
        guard let list = waiters[endpoint] else { return }
        // An error or hang-up concerns everyone, as in `poll`.
        let concerning = events.intersection([.error, .hangup]).isEmpty ? events : .everything
        var remaining: [Waiter] = []
        for waiter in list {
            let isConcerned = !waiter.events.isDisjoint(with: concerning)
            if isConcerned { woken.append((waiter, events)) }
            if !isConcerned || waiter.isSet { remaining.append(waiter) }
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
    var isSet: Bool {
        if case .set = wake { true } else { false }
    }

    /// Wakes whoever it is; the host's lock must not be held.
    func resume(_ events: Readiness) {
        switch wake {
        case .thread(let parker): parker.unpark()
        case .task(let continuation): continuation.resume()
        case .set(let set, let token): set.note(token, events.subtracting(.room))
        }
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
