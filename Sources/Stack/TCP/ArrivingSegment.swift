import Memory
import Wire

/// A segment taken apart: its fields as values, its text still in the packet.
struct ArrivingSegment {
    var sequence: SequenceNumber
    let acknowledgment: SequenceNumber
    var flags: TCPFlags
    let window: UInt16
    let urgentPointer: UInt16
    let options: TCPOptions
    /// Where the text begins in the packet, and how long it is, in bytes.
    var textOffset: Int
    var textCount: Int

    init(_ segment: borrowing TCPSegment) {
        sequence = segment.sequence
        acknowledgment = segment.acknowledgment
        flags = segment.flags
        window = segment.window
        urgentPointer = segment.urgentPointer
        options = TCPOptions(segment.options)
        textOffset = segment.headerCount
        textCount = segment.payloadCount
    }

    /// SEG.LEN: text, SYN and FIN (RFC 9293 §3.4).
    var length: Int {
        textCount &+ (flags.contains(.syn) ? 1 : 0) &+ (flags.contains(.fin) ? 1 : 0)
    }

    /// The sequence number that follows the segment.
    var end: SequenceNumber { sequence + UInt32(truncatingIfNeeded: length) }
}
