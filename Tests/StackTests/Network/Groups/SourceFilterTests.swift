import Testing
import Wire

@testable import Stack

@Suite("Source filters (RFC 9776 §3.2)")
struct SourceFilterTests {
    static func address(_ number: Int) -> IPAddress { .v4(192, 0, 2, UInt8(number)) }

    static func filter(_ mode: SourceFilter.Mode, _ numbers: [Int]) -> SourceFilter {
        SourceFilter(mode, numbers.map(address))
    }

    @Test("A filter lets through what it includes, or what it does not exclude")
    func accepts() {
        let some = Self.filter(.include, [3, 1, 2, 1])
        #expect(some.sources == [1, 2, 3].map(Self.address))
        #expect(some.accepts(Self.address(2)) && !some.accepts(Self.address(4)))
        let others = Self.filter(.exclude, [2])
        #expect(!others.accepts(Self.address(2)) && others.accepts(Self.address(4)))
        #expect(SourceFilter.everyone.accepts(Self.address(1)))
        #expect(!SourceFilter.nobody.accepts(Self.address(1)))
        #expect(SourceFilter.nobody.isNobody && !SourceFilter.everyone.isNobody)
    }

    /// The example of the section: s1 EXCLUDE a b c d, s2 EXCLUDE b c d e, s3 INCLUDE d e f.
    @Test("The example of the RFC: what all exclude, without what anyone includes")
    func example() {
        let users = [
            Self.filter(.exclude, [1, 2, 3, 4]), Self.filter(.exclude, [2, 3, 4, 5]),
            Self.filter(.include, [4, 5, 6]),
        ]
        #expect(Self.merged(users) == Self.filter(.exclude, [2, 3]))
    }

    @Test("Without an EXCLUDE, all that anyone includes")
    func includes() {
        let users = [
            Self.filter(.include, [1, 2, 3]), Self.filter(.include, [2, 3, 4]),
            Self.filter(.include, [5, 6]),
        ]
        #expect(Self.merged(users) == Self.filter(.include, [1, 2, 3, 4, 5, 6]))
        #expect(Self.merged([]) == .nobody)
    }

    @Test("One that listens to everyone makes the host listen to everyone")
    func everyone() {
        let users = [Self.filter(.exclude, [1]), .everyone, Self.filter(.include, [7])]
        #expect(Self.merged(users) == .everyone)
    }

    @Test("The order of the users makes no difference, and each gets all that it wants")
    func order() {
        var random = RandomSource(seed: 1, 2)
        for _ in 0..<500 {
            var users: [SourceFilter] = []
            for _ in 0...random.next(below: 4) {
                let numbers = (0..<random.next(below: 6)).map { _ in Int(random.next(below: 8)) }
                users.append(
                    Self.filter(random.next(below: 2) == 0 ? .include : .exclude, numbers))
            }
            let merged = Self.merged(users)
            #expect(merged == Self.merged(users.reversed()))
            for number in 0..<9 {
                let isWanted = users.contains { $0.accepts(Self.address(number)) }
                #expect(merged.accepts(Self.address(number)) == isWanted)
            }
        }
    }

    static func merged(_ users: [SourceFilter]) -> SourceFilter {
        var filter = SourceFilter.nobody
        for user in users { filter.merge(user) }
        return filter
    }
}
