/// Writes the parts of DNS messages (RFC 1035 §4.1).
package struct DNSWriter: Sendable {
    /// The most bytes that we take over UDP, and send: what fits into one packet anywhere.
    package static let payloadLimit: UInt16 = 1_232

    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func append(_ value: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    package mutating func append(_ value: UInt32) {
        append(UInt16(truncatingIfNeeded: value >> 16))
        append(UInt16(truncatingIfNeeded: value))
    }

    package mutating func append(_ value: UInt64) {
        append(UInt32(truncatingIfNeeded: value >> 32))
        append(UInt32(truncatingIfNeeded: value))
    }

    /// Without compression: in a question there is nothing to point at.
    package mutating func append(_ name: DNSName) {
        for label in name.labels {
            bytes.append(UInt8(truncatingIfNeeded: label.count))
            bytes += label
        }
        bytes.append(0)
    }

    package mutating func append(_ question: DNSQuestion) {
        append(question.name)
        append(question.type.rawValue)
        append(question.recordClass)
    }
}

extension DNSWriter {
    /// A query with one question that asks the server to find the answer.
    ///
    /// - Parameters:
    ///   - extends: Whether an OPT record says what we take over UDP (RFC 6891 §6.1.2).
    ///   - trusts: Whether the server's word about authentic data is asked for (RFC 6840 §5.7).
    static func query(
        _ question: DNSQuestion, id: UInt16, extends: Bool, trusts: Bool = false
    ) -> [UInt8] {
        var writer = DNSWriter()
        var flags: DNSFlags = .recursionDesired
        if trusts { flags.insert(.authenticData) }
        for word in [id, flags.rawValue, 1, 0, 0, extends ? 1 : 0] { writer.append(word) }
        writer.append(question)
        if extends {
            writer.append(DNSName.root)
            writer.append(DNSType.opt.rawValue)
            writer.append(payloadLimit)
            writer.append(UInt32(0))
            writer.append(UInt16(0))
        }
        return writer.bytes
    }
}
