import Names
import Wire

/// Answers queries: from a zone, and for other names as it is told. Knows no socket.
public struct DNSResponder: Sendable {
    /// What is said to questions that do not concern the zone.
    public enum Fallback: Sendable {
        /// The same for all.
        case answer(DNSAnswer)
        /// Whatever somebody finds out.
        case resolver(@Sendable (DNSQuestion) async -> DNSAnswer)
    }

    private let zone: DNSZone
    private let fallback: Fallback

    public init(_ zone: DNSZone, otherwise fallback: Fallback = .answer(.refused)) {
        self.zone = zone
        self.fallback = fallback
    }

    /// How a query came.
    public enum Transport: Sendable {
        case datagram
        case stream
    }

    /// The response to a message, nil when it deserves none.
    public func respond(to message: [UInt8], over transport: Transport) async -> [UInt8]? {
        switch DNSArrival(message[...]) {
        case .ignored:
            return nil
        case .refused(let id, let flags, let code):
            return DNSResponse.refusal(id, flags, code)
        case .query(let query):
            return DNSResponse.answering(
                query, await answer(query), recursion: resolves,
                limit: Self.limit(of: query, transport))
        }
    }

    private func answer(_ query: DNSQuery) async -> DNSAnswer {
        if let edns = query.edns, edns.version > 0 { return DNSAnswer(.badVersion) }
        guard [1, 255].contains(query.question.recordClass) else { return .refused }
        if let answer = zone.answer(query.question) { return answer }
        switch fallback {
        case .answer(let answer): return answer
        case .resolver(let resolve): return await resolve(query.question)
        }
    }

    private var resolves: Bool {
        if case .resolver = fallback { true } else { false }
    }

    static func limit(of query: DNSQuery, _ transport: Transport) -> Int {
        guard transport == .datagram else { return 65_535 }
        let asked = query.edns?.payloadLimit ?? 0
        return max(DNSResponse.minimumLimit, Int(min(asked, DNSWriter.payloadLimit)))
    }
}
