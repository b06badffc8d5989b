/// What is asked for (RFC 1035 §3.2.2).
public struct DNSType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// An IPv4 address.
    public static let a = DNSType(rawValue: 1)
    /// Another name of the same thing.
    package static let cname = DNSType(rawValue: 5)
    /// The start of a zone, whose content says how long its gaps may be kept (RFC 2308 §4).
    package static let soa = DNSType(rawValue: 6)
    /// A server of a zone.
    package static let ns = DNSType(rawValue: 2)
    /// The name that belongs to an address.
    public static let ptr = DNSType(rawValue: 12)
    /// An IPv6 address (RFC 3596).
    public static let aaaa = DNSType(rawValue: 28)
    /// The extension of the header (RFC 6891).
    package static let opt = DNSType(rawValue: 41)
    /// Whatever there is.
    package static let any = DNSType(rawValue: 255)
}

/// How a query ended (RFC 1035 §4.1.1, RFC 6895 §2.3).
public enum DNSResponseCode: UInt16, Sendable {
    case noError = 0
    case formatError = 1
    case serverFailure = 2
    case nameError = 3
    case notImplemented = 4
    case refused = 5
    /// Needs the extended header, for its upper bits.
    case badVersion = 16
}

/// One question: a name and what is asked of it.
public struct DNSQuestion: Equatable, Sendable {
    public let name: DNSName
    public let type: DNSType
    /// 1 for the Internet, 255 for any.
    package let recordClass: UInt16

    package init(name: DNSName, type: DNSType, recordClass: UInt16 = 1) {
        self.name = name
        self.type = type
        self.recordClass = recordClass
    }
}

/// The flags of a message's header (RFC 1035 §4.1.1).
package struct DNSFlags: OptionSet, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let response = DNSFlags(rawValue: 0x8000)
    package static let authoritative = DNSFlags(rawValue: 0x0400)
    package static let truncated = DNSFlags(rawValue: 0x0200)
    package static let recursionDesired = DNSFlags(rawValue: 0x0100)
    package static let authenticData = DNSFlags(rawValue: 0x0020)
    package static let recursionAvailable = DNSFlags(rawValue: 0x0080)
    package static let opcode = DNSFlags(rawValue: 0x7800)
    /// The response's code, but for the bits that OPT adds.
    package static let code = DNSFlags(rawValue: 0x000F)
}
