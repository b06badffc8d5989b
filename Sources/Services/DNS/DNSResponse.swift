import Wire

/// Writes responses (RFC 1035 §4.1).
struct DNSResponse: Sendable {
    /// How long an answer may be kept, in seconds: short, since hosts come and go.
    static let lifetime: UInt32 = 60
    /// The most bytes that we take over UDP, and send: what fits into one packet anywhere.
    static let payloadLimit: UInt16 = 1_232
    /// The least that every client takes over UDP (RFC 1035 §4.2.1).
    static let minimumLimit = 512

    private var bytes: [UInt8] = []

    /// The response to a query that cannot be answered: a header alone.
    static func refusal(_ id: UInt16, _ flags: DNSFlags, _ code: DNSResponseCode) -> [UInt8] {
        var response = DNSResponse()
        response.append(id)
        response.append(Self.flags(echoing: flags).rawValue | code.rawValue)
        for _ in 0..<4 { response.append(UInt16(0)) }
        return response.bytes
    }

    /// The response with `answer`; where it would be longer than `limit`, one without records that
    /// asks the client to come again over TCP.
    static func answering(
        _ query: DNSQuery, _ answer: DNSAnswer, recursion: Bool, limit: Int
    ) -> [UInt8] {
        var flags = Self.flags(echoing: query.flags)
        if answer.isAuthoritative { flags.insert(.authoritative) }
        if recursion { flags.insert(.recursionAvailable) }
        let response = DNSResponse(query, flags, answer.code, answer.records)
        guard response.bytes.count > limit else { return response.bytes }
        return DNSResponse(query, flags.union(.truncated), answer.code, []).bytes
    }

    private static func flags(echoing flags: DNSFlags) -> DNSFlags {
        flags.intersection([.opcode, .recursionDesired]).union(.response)
    }

    private init() {}

    private init(
        _ query: DNSQuery, _ flags: DNSFlags, _ code: DNSResponseCode,
        _ records: [DNSAnswer.Record]
    ) {
        append(query.id)
        append(flags.rawValue | code.rawValue & 15)
        append(UInt16(1))
        append(UInt16(truncatingIfNeeded: records.count))
        append(UInt16(0))
        append(UInt16(query.edns == nil ? 0 : 1))
        append(query.question.name)
        append(query.question.type.rawValue)
        append(query.question.recordClass)
        for record in records { append(record) }
        if query.edns != nil { appendExtension(code) }
    }

    private mutating func append(_ value: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    private mutating func append(_ value: UInt32) {
        append(UInt16(truncatingIfNeeded: value >> 16))
        append(UInt16(truncatingIfNeeded: value))
    }

    private mutating func append(_ value: UInt64) {
        append(UInt32(truncatingIfNeeded: value >> 32))
        append(UInt32(truncatingIfNeeded: value))
    }

    private mutating func append(_ name: DNSName) {
        for label in name.labels {
            bytes.append(UInt8(truncatingIfNeeded: label.count))
            bytes += label
        }
        bytes.append(0)
    }

    /// A record of the question's name, to which a pointer leads.
    private mutating func append(_ record: DNSAnswer.Record) {
        append(0xC000 | UInt16(DNSArrival.headerCount))
        append(record.type.rawValue)
        append(UInt16(1))
        append(Self.lifetime)
        switch record {
        case .address(let address):
            append(UInt16(truncatingIfNeeded: address.byteCount))
            if let v4 = address.v4 {
                append(v4.rawValue)
            } else {
                append(address.high)
                append(address.low)
            }
        case .pointer(let name):
            let count = name.labels.reduce(1) { $0 + $1.count + 1 }
            append(UInt16(truncatingIfNeeded: count))
            append(name)
        }
    }

    /// The OPT record: our limit, the upper bits of the code, version 0 (RFC 6891 §6.1.2).
    private mutating func appendExtension(_ code: DNSResponseCode) {
        bytes.append(0)
        append(DNSType.opt.rawValue)
        append(Self.payloadLimit)
        append(UInt32(code.rawValue >> 4) << 24)
        append(UInt16(0))
    }
}

extension DNSAnswer.Record {
    var type: DNSType {
        switch self {
        case .address(let address): address.isIPv4 ? .a : .aaaa
        case .pointer: .ptr
        }
    }
}
