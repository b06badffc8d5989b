import Stack
import Testing
import Wire

@testable import Names

/// RFC 8305.
@Suite("Racing connections")
struct ConnectionRaceTests {
    private let sixes = (1...3).map {
        SocketAddress(address: IPAddress("2001:db8::\($0)") ?? .unspecifiedV6, port: 80)
    }
    private let fours = (1...3).map { SocketAddress(address: .v4(192, 0, 2, $0), port: 80) }

    private func moment(_ milliseconds: Int) -> Instant { .zero + .milliseconds(milliseconds) }

    @Test("families take turns, a new attempt every 250 ms beside the old ones (§4, §5)")
    func turns() {
        var race = ConnectionRace(lookups: 2)
        #expect(race.next(at: .zero) == .wait(until: .never))
        race.resolved(sixes, isIPv6: true, at: .zero)
        race.resolved(fours, isIPv6: false, at: .zero)
        let order = [sixes[0], fours[0], sixes[1], fours[1], sixes[2], fours[2]]
        for (number, address) in order.enumerated() {
            let now = moment(250 * number)
            if number > 0 { #expect(race.next(at: moment(250 * number - 1)) == .wait(until: now)) }
            #expect(race.next(at: now) == .attempt(address))
        }
        #expect(race.next(at: moment(5_000)) == .wait(until: .never))
        for _ in 0..<6 { race.failed() }
        #expect(race.next(at: moment(5_000)) == .exhausted)
    }

    @Test("IPv6 is waited for 50 ms when IPv4 is known first (§3)")
    func delay() {
        var race = ConnectionRace(lookups: 2)
        race.resolved(fours, isIPv6: false, at: moment(10))
        #expect(race.next(at: moment(10)) == .wait(until: moment(60)))
        var late = race
        race.resolved(sixes, isIPv6: true, at: moment(40))
        race.reorder { $0.sorted { !$0.address.isIPv4 && $1.address.isIPv4 } }
        #expect(race.next(at: moment(40)) == .attempt(sixes[0]))
        // Later than that it joins in.
        #expect(late.next(at: moment(60)) == .attempt(fours[0]))
        late.resolved(sixes, isIPv6: true, at: moment(100))
        #expect(late.next(at: moment(310)) == .attempt(sixes[0]))
    }

    @Test("IPv4 is not waited for, nor is IPv6 that is known not to be")
    func noDelay() {
        var race = ConnectionRace(lookups: 2)
        race.resolved(sixes, isIPv6: true, at: .zero)
        #expect(race.next(at: .zero) == .attempt(sixes[0]))
        var other = ConnectionRace(lookups: 2)
        other.resolved([], isIPv6: true, at: .zero)
        other.resolved(fours, isIPv6: false, at: moment(1))
        #expect(other.next(at: moment(1)) == .attempt(fours[0]))
    }

    @Test("who fails is followed at once")
    func failure() {
        var race = ConnectionRace(lookups: 1)
        race.resolved(fours, isIPv6: false, at: .zero)
        #expect(race.next(at: .zero) == .attempt(fours[0]))
        race.failed()
        #expect(race.next(at: moment(3)) == .attempt(fours[1]))
        #expect(race.next(at: moment(4)) == .wait(until: moment(253)))
    }

    @Test("nothing found is the end, and a name of a thousand addresses is not tried for ever")
    func ends() {
        var race = ConnectionRace(lookups: 2)
        race.resolved([], isIPv6: true, at: .zero)
        #expect(race.next(at: .zero) == .wait(until: .never))
        race.resolved([], isIPv6: false, at: .zero)
        #expect(race.next(at: .zero) == .exhausted)
        var many = ConnectionRace(lookups: 1)
        many.resolved(Array(repeating: fours[0], count: 1_000), isIPv6: false, at: .zero)
        var attempts = 0
        while case .attempt = many.next(at: .zero) {
            attempts += 1
            many.failed()
        }
        #expect(attempts == ConnectionRace.attemptLimit)
    }
}
