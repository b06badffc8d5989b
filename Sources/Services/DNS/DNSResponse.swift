import Names
import Wire

/// Writes responses (RFC 1035 §4.1).
struct DNSResponse: Sendable {
    /// How long an answer may be kept, in seconds: short, since hosts come and go.
    static let lifetime: UInt32 = 60
    /// The least that every client takes over UDP (RFC 1035 §4.2.1).
    static let minimumLimit = 512

    private var writer = DNSWriter()

    /// The response to a query that cannot be answered: a header alone.
    static func refusal(_ id: UInt16, _ flags: DNSFlags, _ code: DNSResponseCode) -> [UInt8] {
        var response = DNSResponse()
        response.writer.append(id)
        response.writer.append(Self.flags(echoing: flags).rawValue | code.rawValue)
        for _ in 0..<4 { response.writer.append(UInt16(0)) }
        return response.writer.bytes
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
        guard response.writer.bytes.count > limit else { return response.writer.bytes }
        return DNSResponse(query, flags.union(.truncated), answer.code, []).writer.bytes
    }

    private static func flags(echoing flags: DNSFlags) -> DNSFlags {
        flags.intersection([.opcode, .recursionDesired]).union(.response)
    }

    private init() {}

    private init(
        _ query: DNSQuery, _ flags: DNSFlags, _ code: DNSResponseCode,
        _ records: [DNSAnswer.Record]
    ) {
        writer.append(query.id)
        writer.append(flags.rawValue | code.rawValue & 15)
        writer.append(UInt16(1))
        writer.append(UInt16(truncatingIfNeeded: records.count))
        writer.append(UInt16(0))
        writer.append(UInt16(query.edns == nil ? 0 : 1))
        writer.append(query.question.name)
        writer.append(query.question.type.rawValue)
        writer.append(query.question.recordClass)
        for record in records { addRecord(record) }
        if query.edns != nil { addExtension(code) }
    }

    /// A record of the question's name, to which a pointer leads.
    private mutating func addRecord(_ record: DNSAnswer.Record) {
        writer.append(0xC000 | UInt16(DNSArrival.headerCount))
        writer.append(record.type.rawValue)
        writer.append(UInt16(1))
        writer.append(Self.lifetime)
        switch record {
        case .address(let address):
            writer.append(UInt16(truncatingIfNeeded: address.byteCount))
            if let v4 = address.v4 {
                writer.append(v4.rawValue)
            } else {
                writer.append(address.high)
                writer.append(address.low)
            }
        case .pointer(let name):
            let count = name.labels.reduce(1) { $0 + $1.count + 1 }
            writer.append(UInt16(truncatingIfNeeded: count))
            writer.append(name)
        }
    }

    /// The OPT record: our limit, the upper bits of the code, version 0 (RFC 6891 §6.1.2).
    private mutating func addExtension(_ code: DNSResponseCode) {
        writer.append(DNSName.root)
        writer.append(DNSType.opt.rawValue)
        writer.append(DNSWriter.payloadLimit)
        writer.append(UInt32(code.rawValue >> 4) << 24)
        writer.append(UInt16(0))
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
