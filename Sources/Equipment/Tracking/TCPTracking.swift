import Wire

/// What an onlooker knows of a TCP connection (RFC 9293 §3.3.2 as seen from between the ends).
struct TCPTracking: Sendable {
    /// What is known of what one side sends.
    private struct Side {
        /// Behind the last byte sent.
        var end = SequenceNumber(0)
        /// The last acknowledgment sent.
        var acknowledged = SequenceNumber(0)
        /// Behind the FIN.
        var finEnd = SequenceNumber(0)
        var hasSent = false
        var hasAcknowledged = false
        var hasClosed = false
        /// The other side has acknowledged the FIN.
        var isClosed = false
    }

    private var initiator = Side()
    private var responder = Side()
    private(set) var phase = FlowPhase.synSent
    /// Whether the connection may have been open before it was seen; its answer has to show.
    private let isPickedUp: Bool

    /// - Parameter segment: The first that was seen.
    init(_ segment: TrackedSegment) {
        isPickedUp = !segment.flags.contains(.syn)
        Self.note(segment, from: &initiator, to: &responder)
        settle(segment, isReply: false)
    }

    /// Takes note of a segment that passes.
    mutating func note(_ segment: TrackedSegment, isReply: Bool) {
        if segment.flags.contains(.rst) {
            if isPlausibleReset(segment, isReply: isReply) { phase = .reset }
            return
        }
        if isReply {
            Self.note(segment, from: &responder, to: &initiator)
        } else {
            Self.note(segment, from: &initiator, to: &responder)
        }
        settle(segment, isReply: isReply)
    }

    /// A reset from before what its receiver has acknowledged ends nothing: a stranger's guess, or an
    /// old one (RFC 5961 §3).
    private func isPlausibleReset(_ segment: TrackedSegment, isReply: Bool) -> Bool {
        let receiver = isReply ? initiator : responder
        return !receiver.hasAcknowledged || segment.sequence >= receiver.acknowledged
            || phase == .synSent
    }

    private static func note(
        _ segment: TrackedSegment, from sender: inout Side, to receiver: inout Side
    ) {
        if !sender.hasSent || segment.end > sender.end { sender.end = segment.end }
        sender.hasSent = true
        if segment.flags.contains(.fin) {
            sender.hasClosed = true
            sender.finEnd = segment.end
        }
        guard segment.flags.contains(.ack) else { return }
        if !sender.hasAcknowledged || segment.acknowledgment > sender.acknowledged {
            sender.acknowledged = segment.acknowledgment
        }
        sender.hasAcknowledged = true
        if receiver.hasClosed, segment.acknowledgment >= receiver.finEnd {
            receiver.isClosed = true
        }
    }

    private mutating func settle(_ segment: TrackedSegment, isReply: Bool) {
        let closings = (initiator.hasClosed ? 1 : 0) &+ (responder.hasClosed ? 1 : 0)
        if phase == .reset, closings == 0 { return }
        // Nothing that is closed was proved to be open, if nobody answered.
        guard responder.hasSent || closings == 0 else { return }
        switch closings {
        case 2: phase = initiator.isClosed && responder.isClosed ? .timeWait : .lastAck
        case 1: phase = initiator.isClosed || responder.isClosed ? .closeWait : .finWait
        default:
            if phase == .synSent, isReply, segment.flags.contains(.syn) {
                phase = .synReceived
            } else if phase == .synSent, isReply, isPickedUp, segment.flags.contains(.ack) {
                phase = .established
            } else if phase == .synReceived, !segment.flags.contains(.syn),
                segment.flags.contains(.ack)
            {
                phase = .established
            }
        }
    }
}
