/// A moment as the calendar and the clock of UTC show it (the Gregorian calendar, without leap
/// seconds, as POSIX counts).
struct CivilTime: Equatable, Sendable {
    let year: Int
    /// 1 to 12.
    let month: Int
    /// 1 to 31.
    let day: Int
    /// 0 to 23.
    let hour: Int
    /// 0 to 59.
    let minute: Int
    /// 0 to 59.
    let second: Int

    init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
    }

    /// The seconds since 1970 that this type can show: the years 1 to 9999.
    static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// - Parameter seconds: Since 1970; beyond `range`, its nearest end is shown.
    init(secondsSince1970 seconds: Int64) {
        let seconds = Int(min(max(seconds, Self.range.lowerBound), Self.range.upperBound))
        let (days, time) = seconds.flooredDivision(by: 86_400)
        // Years are counted from March, so that the leap day is the last: 400 of them have
        // 146,097 days, 100 have 36,524, 4 have 1,461.
        let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        self.init(
            year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month: month,
            day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1,
            hour: time / 3_600, minute: time / 60 % 60, second: time % 60)
    }

    /// Seconds since 1970.
    var secondsSince1970: Int64 {
        Int64(dayNumber * 86_400 + hour * 3_600 + minute * 60 + second)
    }

    /// 0 for Sunday to 6 for Saturday. The first day of 1970 was a Thursday.
    var weekday: Int { (dayNumber + 4).flooredDivision(by: 7).remainder }

    /// Days since 1 January 1970.
    private var dayNumber: Int {
        let fromMarch = month > 2 ? year : year - 1
        let (era, yearOfEra) = fromMarch.flooredDivision(by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }
}

extension CivilTime {
    static let weekdays = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]
    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]

    /// `17:37:43`.
    var clock: String { "\(hour.twoDigits):\(minute.twoDigits):\(second.twoDigits)" }
}

extension Int {
    /// Quotient and remainder, the remainder never negative.
    fileprivate func flooredDivision(by divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    var twoDigits: String { self < 10 ? "0\(self)" : "\(self)" }
}
