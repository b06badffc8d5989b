/// What is asked for (RFC 1035 §3.2.2).
public struct DNSType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// An IPv4 address.
    public static let a = DNSType(rawValue: 1)
    /// The name that belongs to an address.
    public static let ptr = DNSType(rawValue: 12)
    /// An IPv6 address (RFC 3596).
    public static let aaaa = DNSType(rawValue: 28)
    /// The extension of the header (RFC 6891).
    static let opt = DNSType(rawValue: 41)
    /// Whatever there is.
    static let any = DNSType(rawValue: 255)
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
    let recordClass: UInt16
}

/// The flags of a message's header (RFC 1035 §4.1.1).
struct DNSFlags: OptionSet, Sendable {
    let rawValue: UInt16

    static let response = DNSFlags(rawValue: 0x8000)
    static let authoritative = DNSFlags(rawValue: 0x0400)
    static let truncated = DNSFlags(rawValue: 0x0200)
    static let recursionDesired = DNSFlags(rawValue: 0x0100)
    static let recursionAvailable = DNSFlags(rawValue: 0x0080)
    static let opcode = DNSFlags(rawValue: 0x7800)
}

/// A query of a client, as far as it concerns the answer.
struct DNSQuery: Equatable, Sendable {
    /// What the OPT record says (RFC 6891 §6.1).
    struct Extension: Equatable, Sendable {
        /// The most bytes that the client takes over UDP.
        let payloadLimit: UInt16
        let version: UInt8
    }

    let id: UInt16
    let flags: DNSFlags
    let question: DNSQuestion
    let edns: Extension?
}

/// What a message is to a responder.
enum DNSArrival: Equatable, Sendable {
    case query(DNSQuery)
    /// A query that cannot be answered, with the code to say so.
    case refused(id: UInt16, flags: DNSFlags, DNSResponseCode)
    /// No query at all: nothing is to be sent, or two servers would answer each other for ever.
    case ignored

    static let headerCount = 12

    /// Reads a message to its last byte. What is in it beside the question and OPT is checked, and
    /// means nothing.
    init(_ message: ArraySlice<UInt8>) {
        var reader = DNSReader(message)
        guard let id = try? reader.uint16(), let word = try? reader.uint16(),
            message.count >= Self.headerCount
        else {
            self = .ignored
            return
        }
        let flags = DNSFlags(rawValue: word)
        if flags.contains(.response) {
            self = .ignored
        } else if !flags.isDisjoint(with: .opcode) {
            self = .refused(id: id, flags: flags, .notImplemented)
        } else if let query = try? DNSQuery(id: id, flags: flags, rest: &reader) {
            self = .query(query)
        } else {
            self = .refused(id: id, flags: flags, .formatError)
        }
    }
}

extension DNSQuery {
    /// Reads what follows the flags.
    init(id: UInt16, flags: DNSFlags, rest reader: inout DNSReader) throws(DNSMalformed) {
        let questions = try reader.uint16()
        let answers = try reader.uint16()
        let authorities = try reader.uint16()
        let additionals = try reader.uint16()
        guard questions == 1 else { throw DNSMalformed() }
        question = DNSQuestion(
            name: try reader.name(), type: DNSType(rawValue: try reader.uint16()),
            recordClass: try reader.uint16())
        for _ in 0..<Int(answers) + Int(authorities) {
            guard try Self.record(&reader) == nil else { throw DNSMalformed() }
        }
        var edns: Extension?
        for _ in 0..<additionals {
            guard let found = try Self.record(&reader) else { continue }
            guard edns == nil else { throw DNSMalformed() }
            edns = found
        }
        guard reader.isAtEnd else { throw DNSMalformed() }
        self.id = id
        self.flags = flags
        self.edns = edns
    }

    /// Reads a record (RFC 1035 §4.1.3); its content if it is an OPT.
    private static func record(_ reader: inout DNSReader) throws(DNSMalformed) -> Extension? {
        let name = try reader.name()
        let type = DNSType(rawValue: try reader.uint16())
        let recordClass = try reader.uint16()
        let lifetime = try reader.uint32()
        let content = try reader.bytes(Int(try reader.uint16()))
        guard type == .opt else { return nil }
        guard name == .root else { throw DNSMalformed() }
        try checkOptions(content)
        return Extension(
            payloadLimit: recordClass, version: UInt8(truncatingIfNeeded: lifetime >> 16))
    }

    /// Options are pairs of a code and bytes; none of them concerns us (RFC 6891 §6.1.2).
    private static func checkOptions(_ content: ArraySlice<UInt8>) throws(DNSMalformed) {
        var options = DNSReader(content)
        while !options.isAtEnd {
            _ = try options.uint16()
            _ = try options.bytes(Int(try options.uint16()))
        }
    }
}
