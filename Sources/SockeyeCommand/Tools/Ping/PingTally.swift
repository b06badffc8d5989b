import Stack

/// What became of the requests of a ping: round-trip times, losses, duplicates.
struct PingTally {
    struct Fate {
        let roundTrip: Interval
        let isDuplicate: Bool
    }

    private enum State {
        case waits
        case answered
        case failed
    }

    private(set) var sent = 0
    private(set) var received = 0
    private(set) var duplicates = 0
    private(set) var errors = 0
    private var firstSent = Instant.zero
    private(set) var lastSent = Instant.zero
    /// The requests sent last, by the low bits of their sequence numbers.
    private var requests: [(number: UInt16, time: Instant, state: State)] = []
    private var least = Interval(nanoseconds: .max)
    private var most = Interval.zero
    private var sum = 0.0
    private var sumOfSquares = 0.0

    /// Requests that are remembered; an answer to an older one counts as none.
    private static let memory = 4096

    /// Notes a request; its sequence number, the first is 1.
    mutating func send(at now: Instant) -> UInt16 {
        if sent == 0 { firstSent = now }
        sent += 1
        lastSent = now
        let number = UInt16(truncatingIfNeeded: sent)
        let place = Int(number) % Self.memory
        if requests.isEmpty {
            requests = [(number: UInt16, time: Instant, state: State)](
                repeating: (0, .never, .answered), count: Self.memory)
        }
        requests[place] = (number, now, .waits)
        return number
    }

    /// Notes an answer; nil when it answers nothing that is remembered.
    mutating func receive(_ number: UInt16, at now: Instant) -> Fate? {
        guard let place = place(of: number) else { return nil }
        let roundTrip = now - requests[place].time
        guard requests[place].state == .waits else {
            duplicates += 1
            return Fate(roundTrip: roundTrip, isDuplicate: true)
        }
        requests[place].state = .answered
        received += 1
        least = min(least, roundTrip)
        most = max(most, roundTrip)
        let milliseconds = Double(roundTrip.nanoseconds) / 1_000_000
        sum += milliseconds
        sumOfSquares += milliseconds * milliseconds
        return Fate(roundTrip: roundTrip, isDuplicate: false)
    }

    /// Notes an error that a request met; whether it is one that still waits.
    @discardableResult
    mutating func fail(_ number: UInt16) -> Bool {
        guard let place = place(of: number), requests[place].state == .waits else { return false }
        requests[place].state = .failed
        errors += 1
        return true
    }

    private func place(of number: UInt16) -> Int? {
        guard !requests.isEmpty else { return nil }
        let place = Int(number) % Self.memory
        return requests[place].number == number && requests[place].time != .never ? place : nil
    }

    /// Requests of which it is known what became of them.
    var settled: Int { received + errors }

    /// How long the last request is waited for: as iputils, twice the longest round trip and at
    /// least an interval, or the whole patience where nothing was answered at all.
    func patience(_ ping: Ping) -> Interval {
        received > 0 ? max(most * 2, ping.interval) : ping.patience
    }

    // MARK: - Words

    /// The lines that end a run, as iputils has them.
    func summary(of target: String) -> [String] {
        var line = "\(sent) packets transmitted, \(received) received"
        if duplicates > 0 { line += ", +\(duplicates) duplicates" }
        if errors > 0 { line += ", +\(errors) errors" }
        if sent > 0 {
            line += ", \(PingText.percentage(sent - received, of: sent))% packet loss"
            line += ", time \((lastSent - firstSent).milliseconds)ms"
        }
        return ["", "--- \(target) ping statistics ---", line, received > 0 ? times : ""]
    }

    private var times: String {
        let mean = sum / Double(received)
        let deviation = max(0, sumOfSquares / Double(received) - mean * mean).squareRoot()
        let values = [
            least.nanoseconds, Int64(mean * 1_000_000), most.nanoseconds,
            Int64(deviation * 1_000_000),
        ]
        let text = values.map(Column.milliseconds).joined(separator: "/")
        return "rtt min/avg/max/mdev = \(text) ms"
    }
}
