import Names

/// A zone that answers for itself, at once, in front of who answers for the rest.
extension DNSZone {
    /// What a message is to the zone.
    public enum Response: Equatable, Sendable {
        /// The response to send.
        case message([UInt8])
        /// A question about something else.
        case notOurs
        /// Nothing is to be sent.
        case ignored
    }

    /// What to send in return for a message.
    public func response(
        to message: [UInt8], over transport: DNSResponder.Transport
    ) -> Response {
        switch DNSArrival(message[...]) {
        case .ignored: return .ignored
        case .refused(let id, let flags, let code):
            return .message(DNSResponse.refusal(id, flags, code))
        case .query(let query):
            guard let answer = answer(query.question) else { return .notOurs }
            return .message(
                DNSResponse.answering(
                    query, answer, recursion: true, limit: DNSResponder.limit(of: query, transport))
            )
        }
    }

    /// The response that nobody could be asked; nil where the message is no query.
    public static func failure(of message: [UInt8]) -> [UInt8]? {
        guard case .query(let query) = DNSArrival(message[...]) else { return nil }
        return DNSResponse.answering(
            query, DNSAnswer(.serverFailure), recursion: true, limit: DNSResponse.minimumLimit)
    }
}
