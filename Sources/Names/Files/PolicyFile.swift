import Stack
import Wire

/// `/etc/gai.conf`: labels and precedences of prefixes (gai.conf(5), RFC 6724 §2.1).
struct PolicyFile: Equatable, Sendable {
    private struct Row: Equatable, Sendable {
        let high: UInt64
        let low: UInt64
        /// In bits: those of IPv4's addresses count from the mapped form's 96th on.
        let length: Int
        let value: UInt8

        func covers(_ address: IPAddress) -> Bool {
            let (first, second) = (high ^ address.high, low ^ address.low)
            let common = first != 0 ? first.leadingZeroBitCount : 64 + second.leadingZeroBitCount
            return common >= length
        }
    }

    private static let rowLimit = 256

    /// With the longest prefix first; none where the default table holds.
    private var labels: [Row] = []
    private var precedences: [Row] = []

    /// Lines that are no rows are passed over. One row of a kind replaces all of the default
    /// table's of that kind.
    init(_ lines: [Substring]) {
        for words in lines.lazy.map(NameFile.words) where words.count >= 3 {
            guard let row = Self.row(words) else { continue }
            switch words[0] {
            case "label" where labels.count < Self.rowLimit: labels.append(row)
            case "precedence" where precedences.count < Self.rowLimit: precedences.append(row)
            default: break
            }
        }
        labels.sort { $0.length > $1.length }
        precedences.sort { $0.length > $1.length }
    }

    /// Prefixes are of IPv6, that of IPv4 written as mapped: `::ffff:0:0/96`.
    private static func row(_ words: [String]) -> Row? {
        let parts = words[1].split(separator: "/", maxSplits: 1)
        guard let first = parts.first, let address = IPv6Address(String(first)),
            let value = ASCII.decimal(words[2], maximum: Int(Int32.max)),
            let length = parts.count == 2 ? ASCII.decimal(parts[1], maximum: 128) : 128
        else { return nil }
        return Row(
            high: address.high, low: address.low, length: length, value: UInt8(clamping: value))
    }

    /// The precedence and label of an address.
    func policy(of address: IPAddress) -> AddressPolicy {
        let standard = AddressPolicy(address)
        return AddressPolicy(
            precedence: Self.value(of: address, in: precedences) ?? standard.precedence,
            label: Self.value(of: address, in: labels) ?? standard.label)
    }

    private static func value(of address: IPAddress, in rows: [Row]) -> UInt8? {
        if rows.isEmpty { return nil }
        // What no row covers is as unlikely as can be.
        return rows.first { $0.covers(address) }?.value ?? 0
    }
}
