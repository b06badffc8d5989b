/// A decimal number with a unit behind it, as it stands on a command line: "2%", "40ms",
/// "1.5gbit".
struct Quantity {
    /// The number in units of 10⁻ᵈ, where d is `decimals`.
    let value: UInt64
    /// What stands behind the number, in lower case.
    let unit: String

    /// Nil unless `text` is a number without sign, with at most `decimals` digits behind the
    /// point, followed directly by a unit or nothing.
    init?(_ text: String, decimals: Int) {
        var value: UInt64 = 0
        var digits = 0
        var fraction = -1
        var unit: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                guard unit.isEmpty, fraction < decimals else { return nil }
                let (scaled, over) = value.multipliedReportingOverflow(by: 10)
                let (sum, beyond) = scaled.addingReportingOverflow(UInt64(byte & 0x0F))
                guard !over, !beyond else { return nil }
                value = sum
                digits += 1
                if fraction >= 0 { fraction += 1 }
            case UInt8(ascii: "."):
                guard unit.isEmpty, fraction < 0, digits > 0 else { return nil }
                fraction = 0
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): unit.append(byte | 0x20)
            default: unit.append(byte)
            }
        }
        guard digits > 0, fraction != 0, unit.count <= 8 else { return nil }
        for _ in max(0, fraction)..<decimals {
            let (scaled, over) = value.multipliedReportingOverflow(by: 10)
            guard !over else { return nil }
            value = scaled
        }
        self.value = value
        self.unit = String(decoding: unit, as: UTF8.self)
    }

    /// `value` units of 10⁻ᵈ as a decimal number without trailing zeros.
    static func text(_ value: UInt64, decimals: Int) -> String {
        var scale: UInt64 = 1
        for _ in 0..<decimals { scale &*= 10 }
        var fraction = value % scale
        guard fraction > 0 else { return "\(value / scale)" }
        var digits = decimals
        while fraction % 10 == 0 {
            fraction /= 10
            digits -= 1
        }
        var zeros = ""
        var written = "\(fraction)"
        while zeros.utf8.count + written.utf8.count < digits { zeros += "0" }
        written = zeros + written
        return "\(value / scale).\(written)"
    }
}
