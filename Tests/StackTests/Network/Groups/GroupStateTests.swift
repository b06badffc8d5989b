import Testing
import Wire

@testable import Stack

@Suite("What routers are still to be told (RFC 9776 §5)")
struct GroupStateTests {
    private typealias Tests = SourceFilterTests

    /// The lists of ALLOW and BLOCK, by the last number of their addresses.
    private func lists(_ changes: StateChanges, _ filter: SourceFilter) -> [[UInt64]] {
        [true, false].map { isAllowed in
            changes.sources(in: filter, areAllowed: isAllowed).map { $0.low & 0xFF }
        }
    }

    @Test("Changes of the list are told as differences (the table of §5.1)")
    func differences() {
        var changes = StateChanges()
        let included = Tests.filter(.include, [2, 3])
        changes.note(from: Tests.filter(.include, [1, 2]), to: included, robustness: 2)
        #expect(changes.modeReports == 0 && lists(changes, included) == [[3], [1]])
        changes = StateChanges()
        let excluded = Tests.filter(.exclude, [2, 3])
        changes.note(from: Tests.filter(.exclude, [1, 2]), to: excluded, robustness: 2)
        #expect(changes.modeReports == 0 && lists(changes, excluded) == [[1], [3]])
    }

    @Test("A change of the mode is told with the whole list (the table of §5.1)")
    func modes() {
        var changes = StateChanges()
        changes.note(
            from: Tests.filter(.include, [1]), to: Tests.filter(.exclude, [2]), robustness: 3)
        #expect(changes.modeReports == 3 && changes.sources.isEmpty && changes.isPending)
        for left in [2, 1, 0] as [UInt8] {
            changes.countDown()
            #expect(changes.modeReports == left)
        }
        #expect(!changes.isPending && changes.due == .never)
    }

    @Test("Each source is told as often as the robustness says, whatever comes after (§5.1)")
    func sources() {
        var changes = StateChanges()
        let (none, one, two) = (
            Tests.filter(.include, [1]), Tests.filter(.include, [1, 2]),
            Tests.filter(.include, [1, 2, 3])
        )
        changes.note(from: none, to: one, robustness: 2)
        changes.countDown()
        changes.note(from: one, to: two, robustness: 2)
        #expect(lists(changes, two) == [[2, 3], []])
        changes.countDown()
        #expect(lists(changes, two) == [[3], []])
        // What is told by now is the present state, not the one of the change.
        changes.note(from: two, to: none, robustness: 2)
        #expect(lists(changes, none) == [[], [3, 2]])
    }

    @Test("After the mode, the list's changes since are told for the rest of their times (§5.1)")
    func modeThenSources() {
        var changes = StateChanges()
        let excluded = Tests.filter(.exclude, [1])
        changes.note(from: .nobody, to: .everyone, robustness: 2)
        changes.countDown()
        changes.note(from: .everyone, to: excluded, robustness: 2)
        #expect(changes.modeReports == 1)
        changes.countDown()
        #expect(changes.modeReports == 0 && lists(changes, excluded) == [[], [1]])
        changes.countDown()
        #expect(!changes.isPending)
    }

    @Test("More sources than are kept one by one are told as a whole")
    func bounded() {
        let many = SourceFilter(
            .include, (0..<257).map { .v4(10, 0, UInt8($0 / 256), UInt8($0 % 256)) })
        var changes = StateChanges()
        changes.note(from: .nobody, to: many, robustness: 2)
        #expect(changes.modeReports == 2 && changes.sources.isEmpty)
    }

    @Test("A record tells the state, or the sources asked for that are listened to (§5.2)")
    func answers() {
        let included = Tests.filter(.include, [1, 2])
        let excluded = Tests.filter(.exclude, [2, 3])
        var answer = PendingAnswer()
        #expect(answer.record(of: included)?.type == .isInclude)
        #expect(answer.record(of: excluded)?.type == .isExclude)
        #expect(answer.record(of: excluded)?.sources == excluded.sources)
        #expect(answer.record(of: .nobody) == nil)
        answer.ask([2, 4].map(Tests.address), at: .zero)
        #expect(answer.record(of: included)?.sources == [Tests.address(2)])
        #expect(answer.record(of: excluded)?.type == .isInclude)
        #expect(answer.record(of: excluded)?.sources == [Tests.address(4)])
        #expect(answer.record(of: Tests.filter(.include, [9])) == nil)
    }

    @Test("Queries that come while an answer waits join it, at the earlier moment (§5.2)")
    func joined() {
        let (early, late) = (Instant.zero + .seconds(1), Instant.zero + .seconds(2))
        var answer = PendingAnswer()
        #expect(!answer.isPending)
        answer.ask([Tests.address(1)], at: late)
        answer.ask([Tests.address(2), Tests.address(1)], at: early)
        #expect(answer.sources == [Tests.address(1), Tests.address(2)] && answer.due == early)
        answer.ask([], at: late)
        #expect(answer.sources.isEmpty && answer.due == early)
        answer.ask([Tests.address(1)], at: late)
        #expect(answer.sources.isEmpty)
        answer.cancel()
        #expect(!answer.isPending)
    }

    @Test("Asked for more sources than are kept, the group is answered for (§9.1)")
    func flooded() {
        var answer = PendingAnswer()
        for number in 0..<255 { answer.ask([Tests.address(number)], at: .zero) }
        #expect(answer.sources.isEmpty && answer.isPending)
    }
}
