import Sockets
import Stack
import Wire

/// Results as text that is the same in each run, as the interpreter in C writes it.
struct Output {
    let tables: Tables
    let scriptNumber: Int
    private var chosenPorts: [UInt16] = []

    init(_ tables: Tables, _ scriptNumber: Int) {
        self.tables = tables
        self.scriptNumber = scriptNumber
    }

    var firstPort: Int { 5000 + scriptNumber % 900 * 26 }
    var prefix: String { "s\(scriptNumber)-" }

    static func data(_ bytes: [UInt8]) -> String {
        if bytes.count >= 20, bytes[0] == 0x45, Int(bytes[2]) << 8 | Int(bytes[3]) == bytes.count {
            return " packet of protocol \(bytes[9]), TTL \(bytes[8]), with"
                + data(Array(bytes.dropFirst(20)))
        }
        if bytes.count > 8, let first = bytes.first, bytes.allSatisfy({ $0 == first }) {
            return " \"\(Character(UnicodeScalar(first == 0 ? 48 : first)))\"*\(bytes.count)"
        }
        if bytes.count > 48 {
            let hash = bytes.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
            return " bytes*\(bytes.count)#" + hex(Int(hash), 8)
        }
        let text = bytes.map { byte in
            (32..<127).contains(byte)
                ? String(Character(UnicodeScalar(byte))) : "\\" + hex(Int(byte), 2)
        }
        return " \"\(text.joined())\""
    }

    static func hex(_ value: Int, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    mutating func name(_ name: SocketName?, _ family: AddressFamily) -> String {
        switch name {
        case nil, .unspecified: return " nothing (0)"
        case .internet(let address): return internet(address, family)
        case .local(let name): return local(name)
        case .packet, .netlink: return " another"
        }
    }

    private mutating func internet(_ name: SocketAddress, _ family: AddressFamily) -> String {
        let port = self.port(name.port)
        let text = IPAddressText.of(name.address, family)
        guard family == .inet6 else { return " \(text):\(port)" }
        return " [\(text)\(name.zone == 0 ? "" : "%\(name.zone)")]:\(port)"
    }

    private mutating func port(_ port: UInt16) -> String {
        let place = Int(port) - firstPort
        if (0..<26).contains(place) {
            return String(Character(UnicodeScalar(UInt8(65 + place))))
        }
        if port < 1024 { return "\(port)" }
        if let place = chosenPorts.firstIndex(of: port) { return "e\(place + 1)" }
        chosenPorts.append(port)
        return "e\(chosenPorts.count)"
    }

    private func local(_ name: LocalName?) -> String {
        guard let name else { return " unnamed (2)" }
        let isAbstract = name.isAbstract
        var text = name.sockaddrBytes.dropFirst(isAbstract ? 1 : 0)
        let length = 2 + name.sockaddrBytes.count
        let own = Array(prefix.utf8)
        let isOwn = text.starts(with: own)
        if isOwn { text = text.dropFirst(own.count) }
        let isChosen = isAbstract && !isOwn && text.count == 5
        let shown = text.map { byte in
            byte == 0 ? "\\0" : isChosen ? "#" : String(Character(UnicodeScalar(byte)))
        }
        return " \(isAbstract ? "abstract" : "path"):\(shown.joined())"
            + " (\(length - (isOwn ? own.count : 0)))"
    }

    /// An option's value in one of the forms of `as=`.
    mutating func value(_ form: String, _ bytes: [UInt8]) -> String {
        func numbers(_ size: Int) -> String {
            stride(from: 0, to: bytes.count - size + 1, by: size).map { place in
                let number = (0..<size).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
                return " \(size == 4 ? Int(Int32(truncatingIfNeeded: number)) : number)"
            }.joined()
        }
        switch form {
        case "int" where [1, 4, 8].contains(bytes.count): return numbers(bytes.count)
        case "ints", "linger": return form == "ints" ? numbers(4) : plain(bytes)
        case "longs": return numbers(8)
        case "text":
            return " " + String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        case "some": return " some"
        default: return plain(bytes)
        }
    }

    private func plain(_ bytes: [UInt8]) -> String {
        " " + bytes.map { Self.hex(Int($0), 2) }.joined()
    }
}

/// Addresses as `inet_ntop` writes them: of IPv4 alone, or within IPv6.
enum IPAddressText {
    static func of(_ address: IPAddress, _ family: AddressFamily) -> String {
        guard address.isIPv4, family == .inet6 else { return "\(address)" }
        return "::ffff:\(address)"
    }
}
