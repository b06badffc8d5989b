/// What networks, and the hosts on them, may be called: labels of names as DNS has them
/// (RFC 1123 §2.1): 1 to 63 letters, digits and hyphens, none of which stands at an end.
enum NetworkName {
    static let form = "a name of up to 63 letters, digits and '-'"

    /// `text` in lower case, if it is a label.
    static func label(_ text: String) -> String? {
        let label = text.lowercased()
        let isWhole = label.utf8.allSatisfy { isPlain($0) || $0 == UInt8(ascii: "-") }
        guard isWhole, (1...63).contains(label.utf8.count), !label.hasPrefix("-"),
            !label.hasSuffix("-")
        else { return nil }
        return label
    }

    /// A label made of the name of a program: "python3.11" gives "python3-11".
    static func label(ofProgram path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        var bytes: [UInt8] = []
        for byte in name.lowercased().utf8 {
            let isKept = isPlain(byte)
            if isKept || bytes.last != UInt8(ascii: "-") {
                bytes.append(isKept ? byte : UInt8(ascii: "-"))
            }
        }
        let hyphen = UInt8(ascii: "-")
        let trimmed = bytes.drop { $0 == hyphen }.prefix(40)
        let text = String(decoding: trimmed, as: UTF8.self)
        let end = text.hasSuffix("-") ? String(text.dropLast()) : text
        return isReserved(end) ? end + "-1" : label(end) ?? "host"
    }

    /// Whether the name means something else already.
    static func isReserved(_ label: String) -> Bool {
        ["localhost", "services", "gateway", "sockeye"].contains(label)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x30 && byte <= 0x39 || byte >= 0x61 && byte <= 0x7A
    }
}
