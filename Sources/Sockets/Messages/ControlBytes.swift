import Glibc

/// Control messages in bytes, as Linux on 64 bits lays them out: each behind a `cmsghdr` of 16
/// bytes (length, level, type), each beginning at a multiple of 8.
package enum ControlBytes {
    private static var headerCount: Int { 16 }

    private static func aligned(_ count: Int) -> Int { (count + 7) & ~7 }

    /// The messages in what a program sends. What passes descriptors is left out: only whoever
    /// knows the descriptors can read it.
    ///
    /// - Throws: `EINVAL` for a length that its message cannot have.
    package static func messages(in bytes: [UInt8]) throws(SocketError) -> [ControlMessage] {
        var messages: [ControlMessage] = []
        var offset = 0
        while offset + headerCount <= bytes.count {
            let length = number(bytes, offset, 8)
            guard length >= headerCount, length <= bytes.count - offset else {
                throw SocketError(EINVAL, in: "sendmsg")
            }
            let level = Int32(truncatingIfNeeded: number(bytes, offset + 8, 4))
            let type = Int32(truncatingIfNeeded: number(bytes, offset + 12, 4))
            if level != SOL_SOCKET || type != rights {
                let content = Array(bytes[offset + headerCount..<offset + length])
                messages.append(ControlMessage(level: level, type: type, bytes: content))
            }
            offset += aligned(length)
        }
        return messages
    }

    /// `SCM_RIGHTS`
    private static var rights: Int32 { 1 }

    /// As many of `messages` as fit into `room` bytes, and whether something was left out.
    package static func bytes(
        of messages: [ControlMessage], room: Int
    ) -> (bytes: [UInt8], isTruncated: Bool) {
        var all: [UInt8] = []
        var isTruncated = false
        for message in messages {
            let begin = aligned(all.count)
            guard room - begin >= headerCount else {
                isTruncated = true
                break
            }
            let written = min(message.bytes.count, room - begin - headerCount)
            if written < message.bytes.count { isTruncated = true }
            all += [UInt8](repeating: 0, count: begin - all.count)
            all += native(UInt64(headerCount + written))
            all += native(UInt32(bitPattern: message.level))
            all += native(UInt32(bitPattern: message.type))
            all += message.bytes.prefix(written)
        }
        let end = min(room, aligned(all.count))
        return (all + [UInt8](repeating: 0, count: max(0, end - all.count)), isTruncated)
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int {
        let value = (0..<count).reduce(UInt64(0)) {
            $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1)
        }
        return Int(truncatingIfNeeded: value)
    }

    private static func native<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> Number(8 * $0)) }
    }
}
