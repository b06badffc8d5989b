/// A message that is no DNS.
package struct DNSMalformed: Error, Equatable {
    package init() {}
}

/// Reads a DNS message from front to back (RFC 1035 §4.1).
package struct DNSReader {
    private let message: ArraySlice<UInt8>
    package private(set) var offset = 0

    package init(_ message: ArraySlice<UInt8>) { self.message = message }

    /// Goes back, or forth, to the byte `offset` of the message.
    mutating func move(to offset: Int) { self.offset = offset }

    package var isAtEnd: Bool { offset == message.count }

    private func byte(_ offset: Int) throws(DNSMalformed) -> UInt8 {
        guard offset < message.count else { throw DNSMalformed() }
        return message[message.startIndex + offset]
    }

    package mutating func uint8() throws(DNSMalformed) -> UInt8 {
        let value = try byte(offset)
        offset += 1
        return value
    }

    package mutating func uint16() throws(DNSMalformed) -> UInt16 {
        let high = try uint8()
        return UInt16(high) << 8 | UInt16(try uint8())
    }

    package mutating func uint32() throws(DNSMalformed) -> UInt32 {
        let high = try uint16()
        return UInt32(high) << 16 | UInt32(try uint16())
    }

    package mutating func bytes(_ count: Int) throws(DNSMalformed) -> ArraySlice<UInt8> {
        guard count <= message.count - offset else { throw DNSMalformed() }
        defer { offset += count }
        return message[message.startIndex + offset..<message.startIndex + offset + count]
    }

    /// A name, through pointers that compress it (RFC 1035 §4.1.4).
    ///
    /// A pointer must lead to before all that was read of the name so far, so that none can loop.
    package mutating func name() throws(DNSMalformed) -> DNSName {
        var labels: [[UInt8]] = []
        var byteCount = 1
        var place = offset
        var start = offset
        var isCompressed = false
        while true {
            let length = try byte(place)
            switch length & 0xC0 {
            case 0xC0:
                let target = Int(length & 0x3F) << 8 | Int(try byte(place + 1))
                guard target < start else { throw DNSMalformed() }
                if !isCompressed { offset = place + 2 }
                isCompressed = true
                start = target
                place = target
            case 0 where length == 0:
                if !isCompressed { offset = place + 1 }
                return DNSName(labels: labels)
            case 0:
                let end = place + 1 + Int(length)
                byteCount += 1 + Int(length)
                guard end <= message.count, byteCount <= DNSName.byteLimit else {
                    throw DNSMalformed()
                }
                labels.append(
                    Array(message[message.startIndex + place + 1..<message.startIndex + end]))
                place = end
            default:
                // The other two kinds of label were never used (RFC 6891 §5).
                throw DNSMalformed()
            }
        }
    }
}
