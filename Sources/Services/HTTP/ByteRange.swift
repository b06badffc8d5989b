/// What a Range field asks of a page (RFC 9110 §14.2).
enum ByteRange: Equatable, Sendable {
    /// All of it. What is malformed, in another unit or of several ranges is answered with the
    /// whole, as the RFC allows.
    case whole
    /// These bytes, at least one.
    case part(Range<Int>)
    /// Nothing that the page has.
    case unsatisfiable

    /// - Parameter count: Bytes of the page.
    init(_ field: String?, of count: Int) {
        self = .whole
        guard let field, field.lowercased().hasPrefix("bytes=") else { return }
        let bounds = field.dropFirst(6).trimmingBlanks()
            .split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2 else { return }
        switch (Self.number(bounds[0]), Self.number(bounds[1])) {
        case (let first?, let last?) where first <= last:
            select(first, last + 1, of: count)
        case (let first?, nil) where bounds[1].isEmpty:
            select(first, count, of: count)
        case (nil, let suffix?) where bounds[0].isEmpty:
            select(suffix == 0 ? count : max(0, count - suffix), count, of: count)
        default: break
        }
    }

    private mutating func select(_ first: Int, _ end: Int, of count: Int) {
        self = first < count ? .part(first..<min(end, count)) : .unsatisfiable
    }

    /// Decimal digits; a number that is too large is as good as the last but one that there is.
    private static func number(_ text: some StringProtocol) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return min(Int(text) ?? .max, .max - 1)
    }
}
