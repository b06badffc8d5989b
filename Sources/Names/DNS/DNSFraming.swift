/// DNS messages in a stream: each behind two bytes that tell its length (RFC 1035 §4.2.2).
package enum DNSFraming {
    /// `message` with its length in front.
    package static func framed(_ message: [UInt8]) -> [UInt8] {
        let count = UInt16(clamping: message.count)
        return [UInt8(count >> 8), UInt8(truncatingIfNeeded: count)] + message.prefix(Int(count))
    }

    /// Takes the first message out of `held`, once all of it is there.
    package static func takeMessage(from held: inout [UInt8]) -> [UInt8]? {
        guard held.count >= 2 else { return nil }
        let end = 2 + Int(held[0]) << 8 + Int(held[1])
        guard held.count >= end else { return nil }
        let message = Array(held[2..<end])
        held.removeFirst(end)
        return message
    }
}
