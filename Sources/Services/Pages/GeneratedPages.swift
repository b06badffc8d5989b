import Memory

/// Pages that are computed when they are asked for, to measure and to prove transfers with.
///
/// - `/bytes/N`: the first N bytes of `ByteSequence`, N up to a terabyte;
/// - `/bytes/N.sha256`: their SHA-256 as `sha256sum` prints it, N up to a gigabyte.
enum GeneratedPages {
    static let countLimit = 1_000_000_000_000
    static let hashedCountLimit = 1_000_000_000

    /// Nil when `names` are of none.
    static func find(_ names: [String]) async -> Page? {
        guard names.count == 2, names[0] == "bytes" else { return nil }
        let suffix = ".sha256"
        if let count = number(names[1]), count <= countLimit {
            return Page(.sequence(count: count), type: MediaType.unknown)
        }
        guard names[1].hasSuffix(suffix), let count = number(names[1].dropLast(suffix.count)),
            count <= hashedCountLimit
        else { return nil }
        return Page("\(await hash(ofFirst: count))  \(count)\n", type: MediaType.plain)
    }

    private static func number(_ text: some StringProtocol) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }

    /// The SHA-256 of the first `count` bytes; lets other tasks run between the pieces.
    private static func hash(ofFirst count: Int) async -> String {
        var hash = SHA256()
        var piece = [UInt8](repeating: 0, count: min(count, 1 << 18))
        var offset = 0
        while offset < count, !Task.isCancelled {
            let length = min(piece.count, count - offset)
            add(&piece, length, from: offset, to: &hash)
            offset += length
            await Task.yield()
        }
        return hash.finish()
    }

    private static func add(
        _ piece: inout [UInt8], _ length: Int, from offset: Int, to hash: inout SHA256
    ) {
        var bytes = piece.mutableSpan
        ByteSequence.fill(&bytes, 0..<length, from: offset)
        hash.add(bytes.span.extracting(first: length))
    }
}
