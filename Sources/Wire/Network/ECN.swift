/// The codepoint in the low two bits of the traffic class: whether a packet may be marked instead
/// of dropped, and whether it was (RFC 3168 §5).
@frozen
public enum ECN: UInt8, Sendable, CaseIterable {
    case notCapable = 0
    case capable1 = 1
    case capable0 = 2
    case congestionExperienced = 3

    /// The codepoint in the low two bits of `trafficClass`.
    @inlinable
    public init(trafficClass: UInt8) {
        switch trafficClass & 3 {
        case 0: self = .notCapable
        case 1: self = .capable1
        case 2: self = .capable0
        default: self = .congestionExperienced
        }
    }
}
