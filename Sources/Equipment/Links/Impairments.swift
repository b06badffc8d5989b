import Stack

/// What a link does to packets besides carrying them; by default nothing.
///
/// A correlation says how much a packet shares the fate of the one before it: 0 % not at all,
/// 100 % always. In the long run each thing happens as often as its probability says all the same.
public struct Impairments: Hashable, Sendable {
    /// How likely each packet is lost.
    public var loss: Probability = .never
    public var lossCorrelation: Probability = .never
    /// Losses in bursts, beside `loss`.
    public var burstLoss: BurstLoss?
    /// How likely a second copy arrives.
    public var duplication: Probability = .never
    public var duplicationCorrelation: Probability = .never
    /// How likely one bit of a packet is turned over.
    public var corruption: Probability = .never
    public var corruptionCorrelation: Probability = .never
    /// How likely each bit is turned over, independently of the others.
    public var bitErrors: Probability = .never
    /// How likely a packet is held back by `reorderingHold`, so that later ones overtake it; or
    /// with `reorderingGap`, how likely it overtakes others.
    public var reordering: Probability = .never
    public var reorderingCorrelation: Probability = .never
    public var reorderingHold: Interval = .milliseconds(5)
    /// Above 0, as netem does it: after so many packets less one without it, the next may travel
    /// without delay and overtake those before it. 0 holds packets back instead.
    public var reorderingGap = 0
    /// How long every packet travels.
    public var delay: Interval = .zero
    /// By how much the delay differs, either way; packets may overtake. At most, if it is
    /// distributed uniformly; else it is the standard deviation.
    public var jitter: Interval = .zero
    public var jitterDistribution = JitterDistribution.uniform
    public var jitterCorrelation: Probability = .never
    /// How fast the line takes packets; nil is infinitely fast.
    public var rate: BitRate?
    /// What each packet costs on the line beside its own bytes: a preamble, for one. 0 to 65,535.
    public var overhead = 0
    /// How many bytes may wait for the line or stand on it; what comes beyond is dropped. A packet
    /// that finds the line free is taken at any size. Without a rate nothing waits.
    public var queueLimit: Int = 256 << 10
    /// How many packets may wait for the line or stand on it; nil where only bytes count.
    public var queuePackets: Int?

    public init() {}

    /// Whether merged packets may pass whole: a delay alone treats all their segments alike.
    var keepsMergedPackets: Bool {
        loss == .never && burstLoss == nil && duplication == .never && corruption == .never
            && bitErrors == .never && reordering == .never && jitter == .zero && rate == nil
    }
}
