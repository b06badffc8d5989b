/// The request line and the header fields of a request (RFC 9112 §2.1).
struct HTTPRequestHead: Equatable, Sendable {
    let method: String
    /// The request target as it was sent: visible characters only.
    let target: String
    /// The minor version of HTTP/1: 0 to 9.
    let minorVersion: Int
    let fields: HTTPFields

    /// Parses a head, up to and with the empty line that ends it. Lines may end with LF alone.
    ///
    /// - Throws: 400 for what is not HTTP, 431 for too many fields, 505 for another major version.
    static func parse(
        _ bytes: ArraySlice<UInt8>, limits: HTTPLimits = HTTPLimits()
    ) throws(HTTPRefusal) -> HTTPRequestHead {
        var rest = bytes
        var line = try nextLine(&rest)
        while line.isEmpty { line = try nextLine(&rest) }
        let (method, target, minorVersion) = try requestLine(line)
        var fields = HTTPFields()
        while true {
            let line = try nextLine(&rest)
            if line.isEmpty { break }
            guard fields.count < limits.fields else {
                throw HTTPRefusal(.headerFieldsTooLarge, "There are too many header fields.")
            }
            let (name, value) = try field(line)
            fields.append(name, value)
        }
        guard rest.isEmpty else { throw malformed("Something follows the end of the head.") }
        let head = HTTPRequestHead(
            method: method, target: target, minorVersion: minorVersion, fields: fields)
        try head.checkHost()
        return head
    }

    /// Whether the connection is to stay open after the answer (RFC 9112 §9.3).
    var keepsConnection: Bool {
        let options = fields.list("connection")
        if options.contains("close") { return false }
        return minorVersion >= 1 || options.contains("keep-alive")
    }

    // MARK: - Lines

    /// The bytes of the next line, without its end.
    private static func nextLine(
        _ rest: inout ArraySlice<UInt8>
    ) throws(HTTPRefusal) -> ArraySlice<UInt8> {
        guard let end = rest.firstIndex(of: HTTPSyntax.lineFeed) else {
            throw malformed("The head of the request is cut off.")
        }
        var line = rest[..<end]
        rest = rest[(end + 1)...]
        if line.last == HTTPSyntax.carriageReturn { line.removeLast() }
        return line
    }

    /// `method SP request-target SP HTTP-version` (RFC 9112 §3).
    private static func requestLine(
        _ line: ArraySlice<UInt8>
    ) throws(HTTPRefusal) -> (method: String, target: String, minorVersion: Int) {
        let parts = line.split(separator: HTTPSyntax.space, omittingEmptySubsequences: false)
        guard parts.count == 3, HTTPSyntax.isToken(parts[0]), !parts[1].isEmpty,
            parts[1].allSatisfy({ $0 > 0x20 && $0 != 0x7F }),
            let target = String(validating: parts[1], as: UTF8.self)
        else { throw malformed("The request line is malformed.") }
        let method = String(decoding: parts[0], as: UTF8.self)
        return (method, target, try minorVersion(Array(parts[2])))
    }

    /// `HTTP/1.` and a digit.
    private static func minorVersion(_ bytes: [UInt8]) throws(HTTPRefusal) -> Int {
        let digits: ClosedRange<UInt8> = 0x30...0x39
        guard bytes.count == 8, bytes.starts(with: Array("HTTP/".utf8)),
            digits.contains(bytes[5]), bytes[6] == UInt8(ascii: "."), digits.contains(bytes[7])
        else { throw malformed("The version of the protocol is malformed.") }
        guard bytes[5] == UInt8(ascii: "1") else {
            throw HTTPRefusal(.versionNotSupported, "Only HTTP/1 is spoken here.")
        }
        return Int(bytes[7] - 0x30)
    }

    /// `field-name ":" OWS field-value OWS`. Neither a blank before the colon nor a line that
    /// continues another is let through: others might read it differently (RFC 9112 §5).
    private static func field(
        _ line: ArraySlice<UInt8>
    ) throws(HTTPRefusal) -> (name: String, value: String) {
        guard let colon = line.firstIndex(of: HTTPSyntax.colon),
            HTTPSyntax.isToken(line[..<colon])
        else { throw malformed("A header field has no proper name.") }
        let value = line[(colon + 1)...]
        guard value.allSatisfy(HTTPSyntax.isFieldCharacter) else {
            throw malformed("A header field holds a control character.")
        }
        return (
            String(decoding: line[..<colon], as: UTF8.self),
            String(decoding: value, as: UTF8.self).trimmingBlanks()
        )
    }

    /// HTTP/1.1 asks for exactly one Host field (RFC 9112 §3.2).
    private func checkHost() throws(HTTPRefusal) {
        let hosts = fields.values("host").count
        guard hosts == 1 || hosts == 0 && minorVersion == 0 else {
            throw Self.malformed("A request has one Host field.")
        }
    }

    private static func malformed(_ reason: String) -> HTTPRefusal {
        HTTPRefusal(.badRequest, reason)
    }
}
