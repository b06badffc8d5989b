import Memory

/// How bytes are received.
public struct ReceiveFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// What is copied stays to be received again (`MSG_PEEK`).
    public static let peek = ReceiveFlags(rawValue: 1 << 0)
    /// Bytes of a stream are counted and not copied (`MSG_TRUNC`).
    public static let discard = ReceiveFlags(rawValue: 1 << 1)
    /// The caller would wait: less than `SO_RCVLOWAT` asks for is not enough.
    public static let waits = ReceiveFlags(rawValue: 1 << 2)
}

extension Connection {
    /// Takes bytes up to the urgent mark, or from behind it; how many.
    mutating func take(into buffer: inout MutableSpan<UInt8>, _ options: ReceiveFlags) -> Int {
        var (offset, limit) = (0, Int.max)
        if flags.contains(.urgentIn) {
            if isAtMark, options.contains(.peek) {
                // A read would leave the urgent byte out.
                if !flags.contains(.urgentInline) { offset = 1 }
            } else if !buffer.isEmpty {
                passMark()
                limit = countBeforeMark
            }
        }
        let count: Int
        if options.contains(.discard) {
            count = min(limit, buffer.count, receiveQueue.count &- offset)
        } else {
            count = receiveQueue.copy(from: offset, into: &buffer, atMost: limit)
        }
        if count > 0, !options.contains(.peek) { receiveQueue.removeFirst(count) }
        return count
    }
}
