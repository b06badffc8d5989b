/// How the body of a request is delimited (RFC 9112 §6.3).
enum BodyFraming: Equatable, Sendable {
    /// There is none.
    case none
    /// So many bytes.
    case length(Int)
    /// Chunks, up to one of length 0.
    case chunked

    /// - Throws: 400 where two readers might find different ends, 413 for a number beyond
    ///   counting, 501 for codings other than `chunked`.
    init(of head: HTTPRequestHead) throws(HTTPRefusal) {
        let codings = head.fields.list("transfer-encoding")
        let lengths = head.fields.values("content-length")
        if !head.fields.values("transfer-encoding").isEmpty {
            guard lengths.isEmpty, head.minorVersion >= 1 else {
                throw HTTPRefusal(.badRequest, "The length of the body is ambiguous.")
            }
            guard codings == ["chunked"] else {
                throw HTTPRefusal(.notImplemented, "Only the chunked coding is understood.")
            }
            self = .chunked
            return
        }
        guard let first = lengths.first else {
            self = .none
            return
        }
        guard lengths.count == 1, !first.isEmpty,
            first.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { throw HTTPRefusal(.badRequest, "The Content-Length is malformed.") }
        guard let count = Int(first) else {
            throw HTTPRefusal(.contentTooLarge, "The body is too large.")
        }
        self = .length(count)
    }
}
