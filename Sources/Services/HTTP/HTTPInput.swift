import Sockets

/// What a client sends: heads of requests, and between them bodies.
struct HTTPInput {
    /// What comes next where a head is due.
    enum Incoming {
        case head(HTTPRequestHead)
        /// What came is no request; the connection cannot go on.
        case refused(HTTPRefusal)
        /// The client ended its side, in good order between requests or not.
        case ended
    }

    private let connection: ServiceConnection
    private let limits: HTTPLimits
    /// What was received and is not used yet.
    private var held: [UInt8] = []
    private var buffer = [UInt8](repeating: 0, count: 16_384)

    init(_ connection: ServiceConnection, limits: HTTPLimits) {
        self.connection = connection
        self.limits = limits
    }

    /// Receives until a head is complete.
    ///
    /// - Parameters:
    ///   - idle: How long the first byte may take.
    ///   - total: How long the rest may take, however it is dripped.
    mutating func nextHead(
        idle: Duration, total: Duration
    ) async throws(SocketError) -> Incoming {
        var scanner = HTTPHeadScanner(limits)
        connection.allow(held.isEmpty ? idle : total)
        while true {
            do throws(HTTPRefusal) {
                if let end = try scanner.end(in: held.span) {
                    let head = try HTTPRequestHead.parse(held[..<end], limits: limits)
                    held.removeFirst(end)
                    return .head(head)
                }
            } catch {
                return .refused(error)
            }
            let isFirst = held.isEmpty
            guard try await fill() else { return .ended }
            if isFirst { connection.allow(total) }
        }
    }

    /// Adds what comes next to what is held; false at the end of the stream.
    private mutating func fill() async throws(SocketError) -> Bool {
        let count = try await connection.socket.receive(into: &buffer)
        held += buffer[..<count]
        return count > 0
    }

    // MARK: - Bodies

    /// A piece of a body.
    enum Piece {
        case bytes(ArraySlice<UInt8>)
        case end
        case refused(HTTPRefusal)
    }

    /// How much of a body is still to come.
    struct Body {
        var remaining: Int
        var decoder: ChunkedDecoder?

        /// Whether nothing is left to come.
        var isComplete: Bool { decoder == nil && remaining == 0 }

        init(_ framing: BodyFraming) {
            switch framing {
            case .none: remaining = 0
            case .length(let count): remaining = count
            case .chunked:
                remaining = 0
                decoder = ChunkedDecoder()
            }
        }
    }

    /// The next piece of `body`: what has come, up to 256 KB.
    mutating func nextPiece(of body: inout Body) async throws(SocketError) -> Piece {
        // Heads are small, bodies are not.
        if buffer.count < 1 << 18 { buffer = [UInt8](repeating: 0, count: 1 << 18) }
        if body.decoder != nil { return try await nextChunk(of: &body) }
        guard body.remaining > 0 else { return .end }
        if held.isEmpty {
            let count = try await connection.socket.receive(into: &buffer)
            guard count > 0 else { return .refused(Self.cutOff) }
            let used = min(count, body.remaining)
            body.remaining -= used
            // What follows the body is the next request.
            held = Array(buffer[used..<count])
            return .bytes(buffer[..<used])
        }
        let used = min(held.count, body.remaining)
        body.remaining -= used
        let piece = held[..<used]
        held = Array(held[used...])
        return .bytes(piece)
    }

    private mutating func nextChunk(of body: inout Body) async throws(SocketError) -> Piece {
        while true {
            do throws(HTTPRefusal) {
                switch try body.decoder?.next(held[...]) {
                case .data(let range):
                    let piece = held[range]
                    held = Array(held[range.upperBound...])
                    return .bytes(piece)
                case .end(let consumed):
                    held.removeFirst(consumed)
                    body.decoder = nil
                    return .end
                case .needsMore(let consumed): held.removeFirst(consumed)
                case nil: return .end
                }
            } catch {
                return .refused(error)
            }
            guard try await fill() else { return .refused(Self.cutOff) }
        }
    }

    private static var cutOff: HTTPRefusal {
        HTTPRefusal(.badRequest, "The body was cut off.")
    }
}
