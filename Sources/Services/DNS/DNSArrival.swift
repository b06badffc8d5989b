import Names

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
