import Devices
import Memory
import Sockets

/// Requests and answers on one connection: what has come, what is still to come, and what goes
/// out.
struct HTTPExchange {
    var input: HTTPInput
    /// What is left of the present request's body.
    var body = HTTPInput.Body(.none)
    /// The answer to HEAD has none.
    var wantsBody = true
    /// No further request is answered.
    var isOver = false

    private let connection: ServiceConnection
    private let limits: HTTPService.Limits

    init(_ connection: ServiceConnection, _ limits: HTTPService.Limits) {
        self.connection = connection
        self.limits = limits
        input = HTTPInput(connection, limits: limits.syntax)
    }

    /// The most bytes of a page that are in memory at a time.
    private static let pieceSize = 1 << 18

    /// Receives the next piece of the body.
    mutating func nextPiece() async throws(SocketError) -> HTTPInput.Piece {
        connection.allow(limits.stall)
        return try await input.nextPiece(of: &body)
    }

    /// Lets the client send the body that it holds back.
    func sendContinue() async throws(SocketError) {
        try await connection.socket.send(HTTPResponseHead.encodedContinue)
    }

    mutating func send(_ answer: HTTPAnswer) async throws(SocketError) {
        // What is left of the request would be taken for the next one.
        if !body.isComplete { isOver = true }
        var (head, page, range) = answer.message()
        let hasLength = head.status != .noContent && head.status != .notModified
        if hasLength { head.fields.append("Content-Length", "\(range.count)") }
        head.fields.append(
            "Date", HTTPDate(secondsSince1970: connection.secondsSince1970).description)
        head.fields.append("Server", "Sockeye")
        head.fields.append("Connection", isOver ? "close" : "keep-alive")
        try await send(head.encoded, page, wantsBody ? range : 0..<0)
    }

    /// Sends a head and the bytes `range` of `page`, piece by piece, the first one together with
    /// the head.
    private func send(
        _ head: [UInt8], _ page: Page, _ range: Range<Int>
    ) async throws(SocketError) {
        let space = min(max(Self.pieceSize, head.count), head.count + range.count)
        var piece = [UInt8](repeating: 0, count: space)
        piece.replaceSubrange(..<head.count, with: head)
        var filled = head.count
        var offset = range.lowerBound
        repeat {
            let count = min(piece.count - filled, range.upperBound - offset)
            try Self.read(page, at: offset, into: &piece, filled..<filled + count)
            connection.allow(limits.stall)
            try await connection.send(piece, first: filled + count)
            offset += count
            filled = 0
        } while offset < range.upperBound
    }

    /// - Throws: The code of a file that cannot be read to the length that was promised: only a
    ///   reset tells the client so.
    private static func read(
        _ page: Page, at offset: Int, into piece: inout [UInt8], _ range: Range<Int>
    ) throws(SocketError) {
        var bytes = piece.mutableSpan
        do throws(DeviceError) {
            try page.read(at: offset, into: &bytes, range)
        } catch {
            throw SocketError(error.code, in: error.operation)
        }
    }
}
