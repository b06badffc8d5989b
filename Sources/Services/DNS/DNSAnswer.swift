import Names
import Wire

/// What there is to say to a question.
public struct DNSAnswer: Equatable, Sendable {
    /// What a record of the question's name holds.
    public enum Record: Equatable, Sendable {
        /// A or AAAA, by the family.
        case address(IPAddress)
        /// PTR.
        case pointer(DNSName)
    }

    public let code: DNSResponseCode
    public let records: [Record]
    /// From the zone of which the responder is the source.
    let isAuthoritative: Bool

    public init(_ code: DNSResponseCode = .noError, records: [Record] = []) {
        self.init(code, records: records, isAuthoritative: false)
    }

    init(
        _ code: DNSResponseCode, records: [Record] = [], isAuthoritative: Bool
    ) {
        self.code = code
        self.records = records
        self.isAuthoritative = isAuthoritative
    }

    /// There is no such name (RFC 2308 §2.1).
    public static let nameError = DNSAnswer(.nameError)
    /// Such questions are not answered here.
    public static let refused = DNSAnswer(.refused)
}
