/// Takes the chunks of a body apart (RFC 9112 §7.1). Data is passed on in runs, never byte by byte.
struct ChunkedDecoder: Sendable {
    /// What the next bytes are.
    enum Step: Equatable, Sendable {
        /// More must come first; these many of the bytes are done with.
        case needsMore(consumed: Int)
        /// Data of the body; all up to its end is done with.
        case data(Range<Int>)
        /// The end of the body; these many of the bytes are done with.
        case end(consumed: Int)
    }

    private enum State: Equatable {
        case size
        case data(Int)
        case dataEnd
        case trailer
        case done
    }

    /// The longest line of a chunk's size and extensions; the most that all trailers may have.
    static let lineLimit = 1_024
    static let trailerLimit = 8_192

    private var state = State.size
    private var trailerCount = 0

    /// Reads on in `bytes`, which begin where the last step ended.
    ///
    /// - Throws: 400 for what is not chunked, 413 for a chunk beyond counting.
    mutating func next(_ bytes: ArraySlice<UInt8>) throws(HTTPRefusal) -> Step {
        var rest = bytes
        while true {
            let consumed = rest.startIndex - bytes.startIndex
            switch state {
            case .data(let remaining):
                guard !rest.isEmpty else { return .needsMore(consumed: consumed) }
                let count = min(remaining, rest.count)
                state = count == remaining ? .dataEnd : .data(remaining - count)
                return .data(consumed..<consumed + count)
            case .dataEnd:
                guard let line = try Self.line(&rest, limit: 2) else {
                    return .needsMore(consumed: consumed)
                }
                guard line.isEmpty else { throw Self.malformed }
                state = .size
            case .size:
                guard let line = try Self.line(&rest, limit: Self.lineLimit) else {
                    return .needsMore(consumed: consumed)
                }
                let size = try Self.size(line)
                state = size == 0 ? .trailer : .data(size)
            case .trailer:
                guard let line = try Self.line(&rest, limit: Self.trailerLimit) else {
                    return .needsMore(consumed: consumed)
                }
                trailerCount += line.count + 2
                guard trailerCount <= Self.trailerLimit else { throw Self.malformed }
                if line.isEmpty { state = .done }
            case .done:
                return .end(consumed: consumed)
            }
        }
    }

    /// The next line without its end, nil while it is not complete.
    private static func line(
        _ rest: inout ArraySlice<UInt8>, limit: Int
    ) throws(HTTPRefusal) -> ArraySlice<UInt8>? {
        guard let end = rest.prefix(limit + 1).firstIndex(of: HTTPSyntax.lineFeed) else {
            guard rest.count <= limit else { throw malformed }
            return nil
        }
        var line = rest[..<end]
        rest = rest[(end + 1)...]
        if line.last == HTTPSyntax.carriageReturn { line.removeLast() }
        return line
    }

    /// Hexadecimal digits, then perhaps extensions, which mean nothing to us.
    private static func size(_ line: ArraySlice<UInt8>) throws(HTTPRefusal) -> Int {
        var size = 0
        var digits = 0
        var rest = line
        while let digit = rest.first?.hexDigit {
            digits += 1
            guard size < 1 << 56 else {
                throw HTTPRefusal(.contentTooLarge, "A chunk is too large.")
            }
            size = size << 4 | Int(digit)
            rest.removeFirst()
        }
        let extensions = rest.drop { $0 == HTTPSyntax.space || $0 == HTTPSyntax.tab }
        guard digits > 0, extensions.first ?? UInt8(ascii: ";") == UInt8(ascii: ";"),
            extensions.allSatisfy(HTTPSyntax.isFieldCharacter)
        else { throw malformed }
        return size
    }

    private static var malformed: HTTPRefusal {
        HTTPRefusal(.badRequest, "The chunks of the body are malformed.")
    }
}
