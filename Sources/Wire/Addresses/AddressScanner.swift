/// The one parser of addresses: reads them from the front of a text, byte by byte.
///
/// A function that returns nil may have read part of the text; the whole text is refused then.
struct AddressScanner {
    /// Longer than the text of any address, prefix or socket address.
    private static let maximumCount = 64

    private var bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        // A text that goes on after this is refused as well: no address ends here.
        bytes = Array(text.utf8.prefix(Self.maximumCount))
    }

    var isAtEnd: Bool { position == bytes.count }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Whether `byte` came next; if so, it is read.
    mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    /// A decimal number without leading zeros.
    mutating func decimal(maximum: Int) -> Int? {
        guard let first = next, let value = Self.decimalDigit(first) else { return nil }
        position += 1
        var number = value
        while let byte = next, let digit = Self.decimalDigit(byte) {
            guard number > 0 else { return nil }
            number = number * 10 + digit
            guard number <= maximum else { return nil }
            position += 1
        }
        return number
    }

    /// A hexadecimal number of 1 to `digits` digits.
    private mutating func hexadecimal(digits: Int) -> UInt16? {
        var number: UInt16 = 0
        var count = 0
        while count < digits, let byte = next, let digit = Self.hexadecimalDigit(byte) {
            number = number << 4 | digit
            count += 1
            position += 1
        }
        return count > 0 ? number : nil
    }

    mutating func macAddress() -> MACAddress? {
        var address: UInt64 = 0
        for index in 0..<6 {
            if index > 0, !skip(AddressText.colon) { return nil }
            guard let high = hexadecimal(digits: 1), let low = hexadecimal(digits: 1)
            else { return nil }
            address = address << 8 | UInt64(high << 4 | low)
        }
        return MACAddress(address)
    }

    /// A dotted quad.
    mutating func ipv4Address() -> IPv4Address? {
        var address: UInt32 = 0
        for index in 0..<4 {
            if index > 0, !skip(AddressText.dot) { return nil }
            guard let byte = decimal(maximum: 255) else { return nil }
            address = address << 8 | UInt32(byte)
        }
        return IPv4Address(address)
    }

    /// An IPv6 address in any form of RFC 4291 §2.2.
    mutating func ipv6Address() -> IPv6Address? {
        var groups: [UInt16] = []
        /// How many groups stand before the `::`.
        var gap: Int?
        if skip(AddressText.colon) {
            guard skip(AddressText.colon) else { return nil }
            gap = 0
        }
        var mayEnd = gap != nil
        while groups.count < 8, let byte = next, Self.hexadecimalDigit(byte) != nil {
            mayEnd = true
            if groups.count <= 6, let quad = embeddedIPv4Address() {
                groups.append(UInt16(truncatingIfNeeded: quad.rawValue >> 16))
                groups.append(UInt16(truncatingIfNeeded: quad.rawValue))
                break
            }
            guard let group = hexadecimal(digits: 4) else { return nil }
            groups.append(group)
            guard skip(AddressText.colon) else { break }
            if skip(AddressText.colon) {
                guard gap == nil else { return nil }
                gap = groups.count
            } else {
                mayEnd = false
            }
        }
        guard mayEnd else { return nil }
        if let gap {
            // The `::` stands for one group at least.
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        return IPv6Address(high: Self.joined(groups[0..<4]), low: Self.joined(groups[4..<8]))
    }

    /// An address of either family.
    mutating func ipAddress() -> IPAddress? {
        if let quad = embeddedIPv4Address() { return IPAddress(quad) }
        return ipv6Address().map { IPAddress($0) }
    }

    /// A dotted quad, or nothing read.
    private mutating func embeddedIPv4Address() -> IPv4Address? {
        let start = position
        if let address = ipv4Address() { return address }
        position = start
        return nil
    }

    private static func joined(_ groups: ArraySlice<UInt16>) -> UInt64 {
        var number: UInt64 = 0
        for group in groups { number = number << 16 | UInt64(group) }
        return number
    }

    private static func decimalDigit(_ byte: UInt8) -> Int? {
        byte >= 0x30 && byte <= 0x39 ? Int(byte &- 0x30) : nil
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case 0x30...0x39: UInt16(byte &- 0x30)
        case 0x41...0x46: UInt16(byte &- 0x41 &+ 10)
        case 0x61...0x66: UInt16(byte &- 0x61 &+ 10)
        default: nil
        }
    }
}
