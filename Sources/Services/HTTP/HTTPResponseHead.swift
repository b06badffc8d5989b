/// The status line and the header fields of a response (RFC 9112 §4).
struct HTTPResponseHead: Sendable {
    let status: HTTPStatus
    var fields = HTTPFields()

    init(_ status: HTTPStatus) { self.status = status }

    /// As it goes over the wire, with the empty line that ends it.
    var encoded: [UInt8] {
        Array("HTTP/1.1 \(status.code) \(status.phrase)\r\n\(fields.lines)\r\n".utf8)
    }

    /// The interim answer that lets a client send its body (RFC 9110 §15.2.1).
    static let encodedContinue = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
}
