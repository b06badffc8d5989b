/// What a request target names: the names on the way from the root (RFC 9110 §4.2.3).
///
/// The path is cut at its slashes first and each part decoded once after that, so that no encoding
/// of a slash, of `..` or of anything else can become a part of the way.
struct HTTPTarget: Equatable, Sendable {
    /// Decoded, none of them empty, `.`, `..` or with a slash or NUL in it.
    let names: [String]
    /// The path ends with a slash.
    let endsWithSlash: Bool

    /// Reads a path with an optional query, or an absolute `http` URI (RFC 9112 §3.2).
    ///
    /// - Throws: 400 for what is neither, for wrong percent-encoding, NUL and what is not UTF-8;
    ///   403 for `..` and encoded slashes, in whatever disguise.
    init(_ target: String) throws(HTTPRefusal) {
        var path = Array(target.utf8)[...]
        if path.first != Self.slash { path = try Self.path(ofAbsolute: path) }
        guard !path.contains(UInt8(ascii: "#")) else {
            throw HTTPRefusal(.badRequest, "A request target has no fragment.")
        }
        path = path.prefix { $0 != UInt8(ascii: "?") }
        var names: [String] = []
        for part in path.split(separator: Self.slash) {
            let name = try Self.decode(part)
            if name == "." { continue }
            guard name != "..", !name.utf8.contains(Self.slash) else {
                throw HTTPRefusal(.forbidden, "The path leads where it must not.")
            }
            names.append(name)
        }
        self.names = names
        endsWithSlash = path.last == Self.slash
    }

    private static let slash = UInt8(ascii: "/")

    /// What follows the scheme and the authority; `/` when nothing does.
    private static func path(
        ofAbsolute target: ArraySlice<UInt8>
    ) throws(HTTPRefusal) -> ArraySlice<UInt8> {
        let scheme = Array("http://".utf8)
        guard String(decoding: target.prefix(scheme.count), as: UTF8.self).lowercased() == "http://"
        else { throw HTTPRefusal(.badRequest, "The request target is no path.") }
        let path = target.dropFirst(scheme.count).drop { $0 != slash && $0 != UInt8(ascii: "?") }
        return path.first == slash ? path : [slash]
    }

    /// Undoes percent-encoding (RFC 3986 §2.1).
    private static func decode(_ part: ArraySlice<UInt8>) throws(HTTPRefusal) -> String {
        var decoded: [UInt8] = []
        var rest = part
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexDigit, let low = rest.popFirst()?.hexDigit else {
                throw HTTPRefusal(.badRequest, "The percent-encoding is malformed.")
            }
            decoded.append(high << 4 | low)
        }
        guard !decoded.contains(0), let name = String(validating: decoded, as: UTF8.self) else {
            throw HTTPRefusal(.badRequest, "The path is no text.")
        }
        return name
    }

    /// `name` as it may stand in a path, whatever it holds.
    static func encode(_ name: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in name.utf8 {
            if isUnreserved(byte) {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: "-._~".utf8.contains(byte)
        }
    }

    /// The path of the same names as a directory: what a request without the slash is sent on to.
    var directoryPath: String { "/" + names.map { Self.encode($0) + "/" }.joined() }
}

extension UInt8 {
    /// The value of a hexadecimal digit, nil for other characters.
    var hexDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
