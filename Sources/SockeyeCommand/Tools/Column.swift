/// Text in columns, as C's `printf` sets it.
enum Column {
    /// `text` at the left of `width` places: `%-*s`.
    static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// `text` at the right of `width` places: `%*s`.
    static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    static func right(_ number: some BinaryInteger, _ width: Int) -> String {
        right(String(number), width)
    }

    /// `line` without the spaces at its end.
    static func trimmed(_ line: String) -> String {
        String(line.reversed().drop { $0 == " " }.reversed())
    }

    /// A number of nanoseconds in milliseconds with three decimals, as ping and traceroute say it.
    static func milliseconds(_ nanoseconds: Int64) -> String {
        let microseconds = (max(0, nanoseconds) + 500) / 1000
        let decimals = String(microseconds % 1000)
        return "\(microseconds / 1000)." + String(repeating: "0", count: 3 - decimals.count)
            + decimals
    }
}
