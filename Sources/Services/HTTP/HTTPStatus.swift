/// A status code and the phrase that goes with it (RFC 9110 §15).
struct HTTPStatus: Hashable, Sendable {
    let code: Int
    let phrase: String

    private init(_ code: Int, _ phrase: String) {
        self.code = code
        self.phrase = phrase
    }

    static let ok = HTTPStatus(200, "OK")
    static let created = HTTPStatus(201, "Created")
    static let noContent = HTTPStatus(204, "No Content")
    static let partialContent = HTTPStatus(206, "Partial Content")
    static let movedPermanently = HTTPStatus(301, "Moved Permanently")
    static let notModified = HTTPStatus(304, "Not Modified")
    static let badRequest = HTTPStatus(400, "Bad Request")
    static let forbidden = HTTPStatus(403, "Forbidden")
    static let notFound = HTTPStatus(404, "Not Found")
    static let methodNotAllowed = HTTPStatus(405, "Method Not Allowed")
    static let conflict = HTTPStatus(409, "Conflict")
    static let lengthRequired = HTTPStatus(411, "Length Required")
    static let contentTooLarge = HTTPStatus(413, "Content Too Large")
    static let uriTooLong = HTTPStatus(414, "URI Too Long")
    static let rangeNotSatisfiable = HTTPStatus(416, "Range Not Satisfiable")
    static let expectationFailed = HTTPStatus(417, "Expectation Failed")
    static let headerFieldsTooLarge = HTTPStatus(431, "Request Header Fields Too Large")
    static let internalServerError = HTTPStatus(500, "Internal Server Error")
    static let notImplemented = HTTPStatus(501, "Not Implemented")
    static let serviceUnavailable = HTTPStatus(503, "Service Unavailable")
    static let versionNotSupported = HTTPStatus(505, "HTTP Version Not Supported")
    static let insufficientStorage = HTTPStatus(507, "Insufficient Storage")
}

/// Why a request is not answered with what it asked for.
struct HTTPRefusal: Error, Equatable, Sendable {
    let status: HTTPStatus
    /// A sentence for the person who reads the answer.
    let reason: String

    init(_ status: HTTPStatus, _ reason: String) {
        self.status = status
        self.reason = reason
    }
}
