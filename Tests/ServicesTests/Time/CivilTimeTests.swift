import Testing

@testable import Services

@Suite("The calendar")
struct CivilTimeTests {
    /// From `date -u -d @SECONDS`.
    private static let known: [(Int64, CivilTime, weekday: Int)] = [
        (0, CivilTime(year: 1970, month: 1, day: 1), 4),
        (-1, CivilTime(year: 1969, month: 12, day: 31, hour: 23, minute: 59, second: 59), 3),
        (951_782_400, CivilTime(year: 2000, month: 2, day: 29), 2),
        (951_868_800, CivilTime(year: 2000, month: 3, day: 1), 3),
        (4_107_542_400, CivilTime(year: 2100, month: 3, day: 1), 1),
        (784_111_777, CivilTime(year: 1994, month: 11, day: 6, hour: 8, minute: 49, second: 37), 0),
        (-11_676_096_000, CivilTime(year: 1600, month: 1, day: 1), 6),
        (
            253_402_300_799,
            CivilTime(year: 9999, month: 12, day: 31, hour: 23, minute: 59, second: 59), 5
        ),
        (-62_135_596_800, CivilTime(year: 1, month: 1, day: 1), 1),
    ]

    @Test("known moments have their date and day of the week", arguments: known)
    func dates(seconds: Int64, expected: CivilTime, weekday: Int) {
        let time = CivilTime(secondsSince1970: seconds)
        #expect(time == expected)
        #expect(time.weekday == weekday)
        #expect(expected.secondsSince1970 == seconds)
    }

    @Test("every day of eight centuries comes after the one before, and leads back to itself")
    func days() {
        var last = CivilTime(year: 1699, month: 12, day: 31)
        var wrong: [CivilTime] = []
        for day in Int64(-98_615)..<193_579 {
            let time = CivilTime(secondsSince1970: day * 86_400 + 43_210)
            let isBack = time.secondsSince1970 == day * 86_400 + 43_210
            let isNextDay = time.month == last.month && time.day == last.day + 1
            let isNextMonth = time.day == 1 && last.day >= 28 && time.month == last.month % 12 + 1
            let isNextWeekday = time.weekday == (last.weekday + 1) % 7
            if !isBack || !(isNextDay || isNextMonth) || !isNextWeekday { wrong.append(time) }
            last = time
        }
        #expect(wrong == [])
    }

    @Test("what the calendar cannot show is shown as its nearest end")
    func clamping() {
        #expect(CivilTime(secondsSince1970: .max).year == 9999)
        #expect(CivilTime(secondsSince1970: .min).year == 1)
    }
}
