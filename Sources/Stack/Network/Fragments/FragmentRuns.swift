/// Which bytes of a datagram have come: runs without gaps, in order, held in place.
///
/// Runs that touch are one, so that fragments in order are a single run however many they are. 64
/// of them are enough for any order of the 120 fragments of 576 bytes that the largest datagram is
/// cut into.
struct FragmentRuns: Sendable {
    enum Insertion {
        case added
        /// The same bytes had come as one fragment before.
        case duplicate
        /// Some of it had come before, cut otherwise.
        case overlap
        /// There are too many gaps.
        case full
    }

    struct Run: Sendable {
        var start: UInt16
        var end: UInt16
    }

    static var limit: Int { 64 }

    private var runs = [64 of Run](repeating: Run(start: 0, end: 0))
    private(set) var count = 0
    /// At which multiples of eight bytes fragments began: a bit for each.
    private var starts = [128 of UInt64](repeating: 0)

    /// Where the last run ends; 0 when nothing has come.
    var end: Int { count == 0 ? 0 : Int(runs[count &- 1].end) }

    /// Whether all bytes up to `end` have come.
    func isComplete(to end: Int) -> Bool {
        count == 1 && runs[0].start == 0 && Int(runs[0].end) == end
    }

    /// Notes that the bytes from `start` up to and without `end` have come.
    ///
    /// - Precondition: `start` is below `end`, and `end` at most 65,535.
    mutating func insert(from start: Int, to end: Int) -> Insertion {
        // Where the first run that begins behind `start` is: mostly behind all.
        var place = count
        while place > 0, Int(runs[place &- 1].start) > start { place &-= 1 }
        if place > 0, Int(runs[place &- 1].end) > start {
            return isSame(from: start, to: end, in: runs[place &- 1]) ? .duplicate : .overlap
        }
        if place < count, Int(runs[place].start) < end { return .overlap }
        let joinsFormer = place > 0 && Int(runs[place &- 1].end) == start
        let joinsLatter = place < count && Int(runs[place].start) == end
        switch (joinsFormer, joinsLatter) {
        case (true, true):
            runs[place &- 1].end = runs[place].end
            close(place)
        case (true, false):
            runs[place &- 1].end = UInt16(truncatingIfNeeded: end)
        case (false, true):
            runs[place].start = UInt16(truncatingIfNeeded: start)
        case (false, false):
            guard count < Self.limit else { return .full }
            open(place)
            runs[place] = Run(
                start: UInt16(truncatingIfNeeded: start), end: UInt16(truncatingIfNeeded: end))
        }
        starts[start >> 9] |= 1 << UInt64(start >> 3 & 63)
        return .added
    }

    private func isStart(_ offset: Int) -> Bool {
        starts[offset >> 9] >> UInt64(offset >> 3 & 63) & 1 == 1
    }

    /// Whether the bytes from `start` to `end` of a run came as one fragment.
    private func isSame(from start: Int, to end: Int, in run: Run) -> Bool {
        guard isStart(start), end == Int(run.end) || end < Int(run.end) && isStart(end) else {
            return false
        }
        var offset = start &+ 8
        while offset < end {
            if isStart(offset) { return false }
            offset &+= 8
        }
        return true
    }

    private mutating func open(_ place: Int) {
        var index = count
        while index > place {
            runs[index] = runs[index &- 1]
            index &-= 1
        }
        count &+= 1
    }

    private mutating func close(_ place: Int) {
        count &-= 1
        var index = place
        while index < count {
            runs[index] = runs[index &+ 1]
            index &+= 1
        }
    }
}
