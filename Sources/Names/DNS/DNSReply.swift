import Wire

/// A record of a reply, as far as a resolver understands it (RFC 1035 §3.2).
struct DNSRecord: Equatable, Sendable {
    enum Content: Equatable, Sendable {
        /// A or AAAA.
        case address(IPAddress)
        /// CNAME.
        case alias(DNSName)
        /// PTR.
        case pointer(DNSName)
        /// SOA: for how long, in seconds, the zone lets its gaps be kept (RFC 2308 §4).
        case start(minimum: UInt32)
        /// NS.
        case server
        case other
    }

    let name: DNSName
    let type: DNSType
    /// In seconds.
    let lifetime: UInt32
    let content: Content
}

/// A reply of a server.
struct DNSReply: Equatable, Sendable {
    let id: UInt16
    let flags: DNSFlags
    /// With the bits of an OPT record.
    let code: UInt16
    /// nil where the server repeated none, as some do that understood nothing.
    let question: DNSQuestion?
    /// Of the Internet's class alone.
    let answers: [DNSRecord]
    let authorities: [DNSRecord]

    /// More records than a message of 64 KB can hold in earnest are not read: 12 bytes each.
    private static let recordLimit = 5_461

    /// Reads a message to the end of its records; nil when it is no reply or is malformed.
    ///
    /// Of a truncated one, records that are cut off are passed over.
    init?(_ message: ArraySlice<UInt8>) {
        do throws(DNSMalformed) {
            try self.init(reading: message)
        } catch {
            return nil
        }
    }

    private init(reading message: ArraySlice<UInt8>) throws(DNSMalformed) {
        var reader = DNSReader(message)
        id = try reader.uint16()
        flags = DNSFlags(rawValue: try reader.uint16())
        let questions = try reader.uint16()
        let answerCount = Int(try reader.uint16())
        let authorityCount = Int(try reader.uint16())
        let additionalCount = Int(try reader.uint16())
        guard flags.contains(.response), flags.isDisjoint(with: .opcode), questions <= 1,
            answerCount + authorityCount + additionalCount <= Self.recordLimit
        else { throw DNSMalformed() }
        if questions == 1 {
            question = DNSQuestion(
                name: try reader.name(), type: DNSType(rawValue: try reader.uint16()),
                recordClass: try reader.uint16())
        } else {
            question = nil
        }
        var records: [[DNSRecord]] = [[], []]
        var upperCode: UInt16 = 0
        do throws(DNSMalformed) {
            for section in 0..<3 {
                for _ in 0..<[answerCount, authorityCount, additionalCount][section] {
                    let (record, recordClass) = try Self.record(&reader)
                    if section < 2, recordClass == 1 { records[section].append(record) }
                    if section == 2, record.type == .opt, record.name == .root {
                        upperCode = UInt16(record.lifetime >> 24) << 4
                    }
                }
            }
        } catch {
            guard flags.contains(.truncated) else { throw error }
        }
        answers = records[0]
        authorities = records[1]
        code = upperCode | flags.intersection(.code).rawValue
    }

    /// A record and its class.
    private static func record(
        _ reader: inout DNSReader
    ) throws(DNSMalformed) -> (DNSRecord, UInt16) {
        let name = try reader.name()
        let type = DNSType(rawValue: try reader.uint16())
        let recordClass = try reader.uint16()
        let lifetime = try reader.uint32()
        let count = Int(try reader.uint16())
        let start = reader.offset
        _ = try reader.bytes(count)
        let end = reader.offset
        let content = try content(of: type, in: reader, start..<end)
        return (
            DNSRecord(name: name, type: type, lifetime: lifetime, content: content), recordClass
        )
    }

    /// Names in a record's content may point back into the whole message.
    private static func content(
        of type: DNSType, in reader: DNSReader, _ range: Range<Int>
    ) throws(DNSMalformed) -> DNSRecord.Content {
        var reader = reader
        reader.move(to: range.lowerBound)
        let content: DNSRecord.Content
        switch type {
        case .a where range.count == 4:
            content = .address(IPAddress(IPv4Address(try reader.uint32())))
        case .aaaa where range.count == 16:
            let high = UInt64(try reader.uint32()) << 32 | UInt64(try reader.uint32())
            let low = UInt64(try reader.uint32()) << 32 | UInt64(try reader.uint32())
            content = .address(IPAddress(high: high, low: low))
        case .a, .aaaa: throw DNSMalformed()
        case .cname: content = .alias(try reader.name())
        case .ptr: content = .pointer(try reader.name())
        case .soa:
            _ = try reader.name()
            _ = try reader.name()
            _ = try reader.bytes(16)
            content = .start(minimum: try reader.uint32())
        default:
            return type == .ns ? .server : .other
        }
        guard reader.offset == range.upperBound else { throw DNSMalformed() }
        return content
    }
}
