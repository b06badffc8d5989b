import Names
import Wire

/// The names below one, all of which are known: their addresses, and the way back from those.
public struct DNSZone: Sendable {
    private let origin: DNSName
    private let hosts: [(name: DNSName, address: IPAddress)]

    /// - Parameters:
    ///   - origin: The name that all others end with.
    ///   - hosts: Full names with an address each; a name may come more than once.
    public init(_ origin: DNSName, hosts: [(name: DNSName, address: IPAddress)]) {
        self.origin = origin
        self.hosts = hosts
    }

    /// `services.sockeye` at `address`, and nothing else below `sockeye`.
    public static func sockeye(_ address: IPAddress = .v4(10, 0, 2, 4)) -> DNSZone {
        let top = DNSName(labels: [Array("sockeye".utf8)])
        let host = DNSName(labels: [Array("services".utf8), Array("sockeye".utf8)])
        return DNSZone(top, hosts: [(host, address)])
    }

    /// What the zone says to a question; nil when it is not about the zone.
    func answer(_ question: DNSQuestion) -> DNSAnswer? {
        let pointers = hosts.filter { DNSName(reversing: $0.address) == question.name }
        if !pointers.isEmpty {
            return answer(question, pointers.map { .pointer($0.name) })
        }
        guard question.name.isWithin(origin) else { return nil }
        let records = hosts.filter { $0.name == question.name }
            .map { DNSAnswer.Record.address($0.address) }
        // A name above others exists, though it has no records (RFC 8020 §2).
        let exists = question.name == origin || hosts.contains { $0.name.isWithin(question.name) }
        guard exists else { return DNSAnswer(.nameError, isAuthoritative: true) }
        return answer(question, records)
    }

    /// Those of `records` that were asked for; none is an answer as well.
    private func answer(_ question: DNSQuestion, _ records: [DNSAnswer.Record]) -> DNSAnswer {
        let wanted = records.filter { question.type == .any || $0.type == question.type }
        return DNSAnswer(.noError, records: wanted, isAuthoritative: true)
    }
}
