import Stack
import Wire

/// How iputils' ping says things.
enum PingText {
    /// A round trip in milliseconds, with three significant decimals and fewer for long ones.
    static func time(_ interval: Interval) -> String {
        let text = Column.milliseconds(interval.nanoseconds)
        let drop: Int =
            switch interval.microseconds {
            case 100_000...: 4
            case 10_000...: 2
            case 1_000...: 1
            default: 0
            }
        return String(text.dropLast(drop))
    }

    /// `part` of `whole` in per cent, with six significant digits as `%g` has them.
    static func percentage(_ part: Int, of whole: Int) -> String {
        let (parts, whole) = (Double(part) * 100, Double(whole))
        let value = parts / whole
        let decimals = value >= 100 ? 3 : value >= 10 ? 4 : value >= 1 ? 5 : 6
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int((value * scale).rounded())
        let fraction = String(scaled % Int(scale))
        let padded = String(repeating: "0", count: decimals - fraction.count) + fraction
        let digits = String(padded.reversed().drop { $0 == "0" }.reversed())
        let number = String(scaled / Int(scale))
        return digits.isEmpty ? number : "\(number).\(digits)"
    }

    /// What an error says.
    static func words(_ error: ReportedError, _ family: AddressFamily) -> String {
        guard error.reporter != nil else { return own(error, family) }
        return family == .inet ? v4(error) : v6(error)
    }

    /// What this host found out by itself.
    private static func own(_ error: ReportedError, _ family: AddressFamily) -> String {
        switch error.reason {
        case .messageTooLong:
            family == .inet
                ? "Frag needed and DF set (mtu = \(error.mtu))" : "Packet too big: mtu=\(error.mtu)"
        case .networkUnreachable:
            family == .inet ? "Destination Net Unreachable" : "Destination unreachable: No route"
        default:
            family == .inet
                ? "Destination Host Unreachable"
                : "Destination unreachable: Address unreachable"
        }
    }

    private static func v4(_ error: ReportedError) -> String {
        switch (error.type, error.code) {
        case (3, 0): "Destination Net Unreachable"
        case (3, 1): "Destination Host Unreachable"
        case (3, 2): "Destination Protocol Unreachable"
        case (3, 3): "Destination Port Unreachable"
        case (3, 4): "Frag needed and DF set (mtu = \(error.mtu))"
        case (3, 5): "Source Route Failed"
        case (3, 6): "Destination Net Unknown"
        case (3, 7): "Destination Host Unknown"
        case (3, 9): "Destination Net Prohibited"
        case (3, 10): "Destination Host Prohibited"
        case (3, 13): "Packet filtered"
        case (3, let code): "Dest Unreachable, Bad Code: \(code)"
        case (11, 0): "Time to live exceeded"
        case (11, _): "Frag reassembly time exceeded"
        case (12, _): "Parameter problem"
        case (let type, let code): "Bad ICMP type: \(type), code: \(code)"
        }
    }

    private static func v6(_ error: ReportedError) -> String {
        switch (error.type, error.code) {
        case (1, 0): "Destination unreachable: No route"
        case (1, 1): "Destination unreachable: Administratively prohibited"
        case (1, 2): "Destination unreachable: Beyond scope of source address"
        case (1, 3): "Destination unreachable: Address unreachable"
        case (1, 4): "Destination unreachable: Port unreachable"
        case (1, let code): "Destination unreachable: Unknown code \(code)"
        case (2, _): "Packet too big: mtu=\(error.mtu)"
        case (3, 0): "Time exceeded: Hop limit"
        case (3, _): "Time exceeded: Defragmentation failure"
        case (4, _): "Parameter problem"
        case (let type, let code): "unknown icmp type: \(type), code \(code)"
        }
    }
}
