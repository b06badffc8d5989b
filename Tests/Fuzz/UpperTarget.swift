import Dissection

@testable import Names
@testable import Services

/// The parsers above the stack; those of the services are internal to their module.
enum UpperTarget: String, CaseIterable {
    case dns
    case reply
    case http
    case chunks
    case dissection

    func problem(with bytes: [UInt8]) -> String? {
        switch self {
        case .dns: Self.dns(bytes)
        case .reply: Self.reply(bytes)
        case .http: Self.http(bytes)
        case .chunks: Self.chunks(bytes)
        case .dissection: Self.dissection(bytes)
        }
    }

    private static func dns(_ bytes: [UInt8]) -> String? {
        guard case .query(let query) = DNSArrival(bytes[...]) else { return nil }
        return problem(of: query.question.name)
    }

    private static func problem(of name: DNSName) -> String? {
        if name.byteCount > 255 || name.labels.contains(where: { $0.isEmpty || $0.count > 63 }) {
            return "a name of \(name.byteCount) bytes"
        }
        _ = "\(name)"
        return nil
    }

    /// What a server says to a resolver.
    private static func reply(_ bytes: [UInt8]) -> String? {
        guard let reply = DNSReply(bytes[...]) else { return nil }
        for record in reply.answers + reply.authorities {
            if let problem = Self.problem(of: record.name) { return problem }
            switch record.content {
            case .alias(let name), .pointer(let name):
                if let problem = problem(of: name) { return problem }
            default: break
            }
        }
        return nil
    }

    private static func http(_ bytes: [UInt8]) -> String? {
        var scanner = HTTPHeadScanner(HTTPLimits())
        do throws(HTTPRefusal) {
            // Piece by piece, as it comes.
            var end: Int?
            for count in [1, bytes.count / 2, bytes.count] where end == nil && count <= bytes.count
            {
                end = try scanner.end(in: bytes.span.extracting(first: count))
            }
            guard let end else { return nil }
            let head = try HTTPRequestHead.parse(bytes[..<end])
            _ = head.keepsConnection
            _ = try BodyFraming(of: head)
            if case .part(let range) = ByteRange(head.fields.values("range").first, of: 1000),
                range.isEmpty || range.lowerBound < 0 || range.upperBound > 1000
            {
                return "a range outside"
            }
            let target = try HTTPTarget(head.target)
            for name in target.names where name.isEmpty || [".", ".."].contains(name) {
                return "a path that leads elsewhere"
            }
            return target.names.contains { $0.utf8.contains(UInt8(ascii: "/")) }
                ? "a name with a slash" : nil
        } catch {
            return nil
        }
    }

    private static func chunks(_ bytes: [UInt8]) -> String? {
        var decoder = ChunkedDecoder()
        var rest = bytes[...]
        for _ in 0...bytes.count {
            do throws(HTTPRefusal) {
                switch try decoder.next(rest) {
                case .needsMore(let consumed):
                    return consumed > rest.count ? "more than there is" : nil
                case .data(let range):
                    guard !range.isEmpty, range.upperBound <= rest.count else {
                        return "a chunk outside"
                    }
                    rest = rest.dropFirst(range.upperBound)
                case .end(let consumed):
                    return consumed > rest.count ? "more than there is" : nil
                }
            } catch {
                return nil
            }
        }
        return "no step forward"
    }

    private static func dissection(_ bytes: [UInt8]) -> String? {
        var frames = Dissector(.ethernet)
        if frames.line(bytes.span).isEmpty { return "nothing to say about a frame" }
        var packets = Dissector(.ip)
        return packets.line(bytes.span).isEmpty ? "nothing to say about a packet" : nil
    }
}
