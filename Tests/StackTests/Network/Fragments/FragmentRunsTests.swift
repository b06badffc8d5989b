import Testing

@testable import Stack

@Suite("Runs of fragments")
struct FragmentRunsTests {
    private func runs(_ ranges: [(Int, Int)]) -> FragmentRuns {
        var runs = FragmentRuns()
        for (start, end) in ranges {
            let insertion = runs.insert(from: start, to: end)
            #expect(insertion == .added)
        }
        return runs
    }

    @Test("runs that touch are one, whatever the order")
    func joining() {
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [0, 2, 1, 3], [1, 3, 0, 2], [0, 3, 1, 2]] {
            let runs = runs(order.map { ($0 * 16, $0 * 16 + 16) })
            #expect(runs.count == 1 && runs.end == 64 && runs.isComplete(to: 64))
            #expect(!runs.isComplete(to: 72))
        }
    }

    @Test("what is not there at the front is missing")
    func missingFront() {
        #expect(!runs([(8, 16)]).isComplete(to: 16))
        #expect(runs([]).end == 0)
        #expect(!runs([]).isComplete(to: 0))
    }

    @Test("what has come cut the same way is a duplicate, all else that has come an overlap")
    func overlaps() {
        let cases: [(Int, Int, FragmentRuns.Insertion)] = [
            (16, 32, .duplicate), (16, 24, .overlap), (24, 32, .overlap),
            (48, 64, .duplicate), (8, 24, .overlap), (24, 40, .overlap), (8, 40, .overlap),
            (16, 40, .overlap), (8, 32, .overlap), (40, 56, .overlap), (24, 56, .overlap),
            (0, 80, .overlap), (56, 72, .overlap), (32, 48, .added), (8, 16, .added),
            (64, 65, .added), (0, 8, .added),
        ]
        for (start, end, expected) in cases {
            var runs = runs([(16, 32), (48, 64)])
            let insertion = runs.insert(from: start, to: end)
            #expect(insertion == expected, "\(start)..<\(end)")
        }
    }

    @Test("there are 64 gaps at most; what closes one still fits")
    func limit() {
        var runs = runs((0..<64).map { ($0 * 16, $0 * 16 + 8) })
        let tooMany = runs.insert(from: 2000, to: 2008)
        let closing = runs.insert(from: 8, to: 16)
        let again = runs.insert(from: 2000, to: 2008)
        #expect(tooMany == .full && closing == .added && again == .added)
        #expect(runs.count == 64)
    }

    @Test("the largest datagram has its place")
    func largest() {
        let runs = runs([(0, 65_528), (65_528, 65_535)])
        #expect(runs.isComplete(to: 65_535))
    }
}
