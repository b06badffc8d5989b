import Stack

/// What a link does to packets besides carrying them; by default nothing.
public struct Impairments: Hashable, Sendable {
    /// How likely each packet is lost, independently of the others.
    public var loss: Probability = .never
    /// How likely a second copy arrives.
    public var duplication: Probability = .never
    /// How likely one bit of a packet is turned over.
    public var corruption: Probability = .never
    /// How likely a packet is held back by `reorderingHold`, so that later ones overtake it.
    public var reordering: Probability = .never
    public var reorderingHold: Interval = .milliseconds(5)
    /// How long every packet travels.
    public var delay: Interval = .zero
    /// By how much at most the delay differs, either way, uniformly; packets may overtake.
    public var jitter: Interval = .zero
    /// How fast the line takes packets; nil is infinitely fast.
    public var rate: BitRate?
    /// How many bytes may wait for the line or stand on it; what comes beyond is dropped. A packet
    /// that finds the line free is taken at any size. Without a rate nothing waits.
    public var queueLimit: Int = 256 << 10

    public init() {}

    /// Whether merged packets may pass whole: a delay alone treats all their segments alike.
    var keepsMergedPackets: Bool {
        loss == .never && duplication == .never && corruption == .never && reordering == .never
            && jitter == .zero && rate == nil
    }
}
