/// A date as HTTP writes it, to the second: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
struct HTTPDate: Equatable, Comparable, Sendable, CustomStringConvertible {
    let secondsSince1970: Int64

    init(secondsSince1970: Int64) { self.secondsSince1970 = secondsSince1970 }

    /// Reads the preferred form. The two obsolete ones are not dates to us: a condition that is
    /// not understood is ignored, and the whole page sent.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 29, text.hasSuffix(" GMT"),
            bytes[3] == UInt8(ascii: ","), bytes[19] == UInt8(ascii: ":"),
            bytes[22] == UInt8(ascii: ":"),
            [4, 7, 11, 16].allSatisfy({ bytes[$0] == UInt8(ascii: " ") }),
            let day = Self.number(bytes[5..<7]), let year = Self.number(bytes[12..<16]),
            let hour = Self.number(bytes[17..<19]), let minute = Self.number(bytes[20..<22]),
            let second = Self.number(bytes[23..<25]),
            let month = CivilTime.months.firstIndex(where: {
                $0.utf8.prefix(3).elementsEqual(bytes[8..<11])
            }),
            year >= 1, (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        secondsSince1970 =
            CivilTime(
                year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second
            ).secondsSince1970
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int(digit - 0x30)
        }
        return value
    }

    var description: String {
        let time = CivilTime(secondsSince1970: secondsSince1970)
        let weekday = CivilTime.weekdays[time.weekday].prefix(3)
        let month = CivilTime.months[time.month - 1].prefix(3)
        let year = String(repeating: "0", count: max(0, 4 - "\(time.year)".count)) + "\(time.year)"
        return "\(weekday), \(time.day.twoDigits) \(month) \(year) \(time.clock) GMT"
    }

    static func < (a: HTTPDate, b: HTTPDate) -> Bool { a.secondsSince1970 < b.secondsSince1970 }
}
