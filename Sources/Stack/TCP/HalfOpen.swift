import Wire

/// A passive open between SYN and acknowledgment: SYN-RECEIVED in a form of its own, so that a
/// flood of SYNs costs little.
struct HalfOpen: Sendable {
    let tuple: FourTuple
    let listener: ListenerKey
    let iss: SequenceNumber
    let irs: SequenceNumber
    /// TS.Recent, and our clock's offset.
    var recentTimestamp: UInt32
    let timestampOffset: UInt32
    /// What the peer offered, and what we announced.
    let maximumSegmentSize: UInt16
    let ownSegmentSize: UInt16
    let window: UInt16
    let sendScale: UInt8
    let receiveScale: UInt8
    let agreed: Connection.Flags
    var attempts: UInt8 = 0
    /// The peer has answered, but with no bytes, for which the listener waits.
    var isAcknowledged = false
    var since: Instant
    var challenges = ChallengeLimit()
    var timer: TimerID?
}
