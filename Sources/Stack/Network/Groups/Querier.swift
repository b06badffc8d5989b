import Wire

/// What is known of the routers that ask on a link, for one family (RFC 9776 §7.2 and §8,
/// RFC 9777 §8.2 and §9).
struct Querier: Sendable {
    let isIPv4: Bool
    /// How often a change is told: as the router says, or 2 (RFC 9776 §8.1).
    private(set) var robustness: UInt8 = 2
    /// The time between the router's general queries.
    private(set) var interval = Interval.seconds(125)
    /// The version that is spoken: 1 to 3 of IGMP, 1 to 2 of MLD.
    private(set) var version: UInt8
    /// Until when routers of the two older versions count as present.
    private var olderUntil: (Instant, Instant) = (.zero, .zero)
    /// When a general query is to be answered.
    var answerDue = Instant.never
    /// The one timer of all groups of the family on the link, and when it runs out.
    var timer: TimerID?
    var timerDue = Instant.never

    init(isIPv4: Bool) {
        self.isIPv4 = isIPv4
        version = isIPv4 ? 3 : 2
    }

    /// The version that knows of sources.
    var latest: UInt8 { isIPv4 ? 3 : 2 }
    var isLatest: Bool { version == latest }
    /// Reports that nobody asked for are repeated within this time (RFC 9776 §8.11, RFC 2236
    /// §8.10, RFC 2710 §7.10).
    var unsolicitedInterval: Interval { .seconds(isLatest ? 1 : 10) }
    /// The time to answer in, as the router that asks with the defaults grants (RFC 9776 §8.3).
    static var responseInterval: Interval { .seconds(10) }

    /// Takes note of a query; whether another version is spoken from now on.
    mutating func hear(_ query: HeardQuery, at now: Instant) -> Bool {
        if query.version == latest {
            // Zero stands for what does not fit the field or was not set (RFC 9776 §4.1.6).
            robustness = query.robustness == 0 ? 2 : query.robustness
            if query.interval > 0 { interval = .seconds(Int(query.interval)) }
        } else {
            let until = now + interval * Int(robustness) + Self.responseInterval
            if query.version == 1 { olderUntil.0 = until } else { olderUntil.1 = until }
        }
        return settle(at: now)
    }

    /// Goes back to a newer version when routers of older ones have been silent for long; whether
    /// another version is spoken from now on.
    mutating func settle(at now: Instant) -> Bool {
        let old = version
        version = now < olderUntil.0 ? 1 : now < olderUntil.1 ? 2 : latest
        return version != old
    }
}

/// What a query says, whichever protocol it is of.
struct HeardQuery: Sendable {
    let version: UInt8
    /// nil in a general query.
    let group: IPAddress?
    /// How long the answer may wait.
    let maximumResponse: Interval
    /// 0 where the router does not say.
    let robustness: UInt8
    /// In seconds; 0 where the router does not say.
    let interval: UInt32
    /// The sources asked for, none when all are.
    var sources: [IPAddress] = []

    init(_ query: borrowing IGMPQuery) {
        version = query.version
        group = query.group.isUnspecified ? nil : IPAddress(query.group)
        maximumResponse = .milliseconds(Int(query.maximumResponseTime) * 100)
        robustness = query.robustness
        interval = query.queryInterval
        note(query.sources)
    }

    init(_ query: borrowing MLDQuery) {
        version = query.version
        group = query.group.isUnspecified ? nil : IPAddress(query.group)
        maximumResponse = .milliseconds(Int(query.maximumResponseDelay))
        robustness = query.robustness
        interval = query.queryInterval
        note(query.sources)
    }

    /// Keeps the sources, or none when there are too many: then the group is answered for.
    private mutating func note(_ list: borrowing AddressList) {
        guard list.count <= PendingAnswer.sourceLimit else { return }
        for index in 0..<list.count { sources.append(list[index]) }
    }
}
