import Sockets

/// A web server: HTTP/1.1 with persistent connections, and HTTP/1.0 (RFC 9110, RFC 9112).
///
/// GET and HEAD of what a `PageSource` has, single ranges, If-Modified-Since; where it may write
/// to its directory, PUT.
public struct HTTPService: StreamService {
    public static let port: UInt16 = 80

    /// What clients may take of the server.
    public struct Limits: Sendable {
        /// How long a connection may be idle between requests.
        public var idle = Duration.seconds(60)
        /// How long the head of a request may take to come, however it is dripped.
        public var head = Duration.seconds(30)
        /// How long a client may send nothing of a body, or take nothing of an answer.
        public var stall = Duration.seconds(300)
        /// The most bytes of a file that is put.
        public var upload = 1 << 40
        var syntax = HTTPLimits()

        public init() {}
    }

    let source: PageSource
    let isWritable: Bool
    let limits: Limits

    /// - Parameters:
    ///   - source: What there is to fetch.
    ///   - isWritable: Whether PUT may make and replace files of a directory.
    public init(_ source: PageSource, isWritable: Bool = false, limits: Limits = Limits()) {
        self.source = source
        self.isWritable = isWritable
        self.limits = limits
    }

    /// Answers requests, one after the other, until either side ends.
    public func serve(_ connection: ServiceConnection) async throws(SocketError) {
        var exchange = HTTPExchange(connection, limits)
        while !exchange.isOver {
            let incoming = try await exchange.input.nextHead(
                idle: limits.idle, total: limits.head)
            connection.allow(limits.stall)
            switch incoming {
            case .ended: exchange.isOver = true
            case .refused(let refusal):
                exchange.isOver = true
                try await exchange.send(.refusal(refusal))
            case .head(let head):
                let answer = try await answer(to: head, &exchange)
                try await exchange.send(answer)
            }
        }
        try await connection.finish()
    }

    private func answer(
        to head: HTTPRequestHead, _ exchange: inout HTTPExchange
    ) async throws(SocketError) -> HTTPAnswer {
        exchange.isOver = !head.keepsConnection
        exchange.wantsBody = head.method != "HEAD"
        let target: HTTPTarget
        do throws(HTTPRefusal) {
            exchange.body = HTTPInput.Body(try BodyFraming(of: head))
            target = try HTTPTarget(head.target)
            try Self.checkExpectation(head)
        } catch {
            // Where the body ends is unknown, or whether it comes at all.
            exchange.isOver = true
            return .refusal(error)
        }
        switch head.method {
        case "GET", "HEAD":
            do throws(HTTPRefusal) {
                return try await get(target, head)
            } catch {
                return .refusal(error)
            }
        case "PUT":
            return try await put(target, head, &exchange)
        case "POST", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT":
            return methodNotAllowed
        default:
            return .refusal(HTTPRefusal(.notImplemented, "This method is not known here."))
        }
    }

    /// Only one expectation is known (RFC 9110 §10.1.1).
    private static func checkExpectation(_ head: HTTPRequestHead) throws(HTTPRefusal) {
        let expectations = head.fields.list("expect")
        guard expectations.allSatisfy({ $0 == "100-continue" }) else {
            throw HTTPRefusal(.expectationFailed, "Only 100-continue can be expected.")
        }
    }

    var methodNotAllowed: HTTPAnswer {
        .refusal(
            HTTPRefusal(.methodNotAllowed, "The method is not allowed here."),
            allow: isWritable ? "GET, HEAD, PUT" : "GET, HEAD")
    }
}
