/// Losses that come in bursts, by a chain of states that each packet moves on.
public enum BurstLoss: Hashable, Sendable {
    /// Good and bad times (Gilbert 1960, Elliott 1963), with four probabilities.
    case gilbertElliott(GilbertElliott)
    /// Gaps and bursts of losses (the GI model of Salsano and others, as Linux's netem has it).
    case fourStates(FourStateLoss)
}

/// A line that has good times and bad times, each with its own rate of loss.
///
///              p
///     good ---------> bad         loses 1 − k in good times, 1 − h in bad times
///          <---------
///              r
public struct GilbertElliott: Hashable, Sendable {
    /// How likely a packet ends a good time (p).
    public var worsens: Probability
    /// How likely a packet ends a bad time (r).
    public var improves: Probability
    /// How likely a packet is lost in good times (1 − k).
    public var lossInGoodTimes: Probability
    /// How likely a packet is lost in bad times (1 − h).
    public var lossInBadTimes: Probability

    /// By default nothing is lost in good times and everything in bad ones: Gilbert's simple model,
    /// in which 1/r is the mean length of a burst.
    public init(
        worsens: Probability, improves: Probability, lossInBadTimes: Probability = .always,
        lossInGoodTimes: Probability = .never
    ) {
        self.worsens = worsens
        self.improves = improves
        self.lossInGoodTimes = lossInGoodTimes
        self.lossInBadTimes = lossInBadTimes
    }
}

/// Four states: received and lost within a gap, received and lost within a burst. Each is named by
/// the probability of a step, as netem numbers them.
///
///     1 received in a gap      p13 -> 3, p14 -> 4
///     2 received in a burst    p23 -> 3
///     3 lost in a burst        p31 -> 1, p32 -> 2
///     4 lost in a gap          -> 1
public struct FourStateLoss: Hashable, Sendable {
    public var p13: Probability
    public var p31: Probability
    public var p32: Probability
    public var p23: Probability
    public var p14: Probability

    /// By default a burst has no packet in it that arrives, and the chain has two states only.
    ///
    /// - Parameter p31: nil is what p13 leaves of a hundred percent.
    public init(
        p13: Probability, p31: Probability? = nil, p32: Probability = .never,
        p23: Probability = .always, p14: Probability = .never
    ) {
        self.p13 = p13
        self.p31 = p31 ?? p13.complement
        self.p32 = p32
        self.p23 = p23
        self.p14 = p14
    }
}

/// Where a link with losses in bursts stands.
struct BurstLossState: Sendable {
    private enum Place {
        case good, bad
        case receivedInBurst, lostInBurst, lostInGap
    }

    private var place = Place.good

    /// Whether the next packet is lost, and the step to where the one after it stands.
    ///
    /// - Parameters: 64 random bits for the step and for the loss.
    mutating func isLost(_ model: BurstLoss, step: UInt64, loss: UInt64) -> Bool {
        switch model {
        case .gilbertElliott(let model): return isLost(model, step, loss)
        case .fourStates(let model):
            place = next(model, step)
            return place == .lostInBurst || place == .lostInGap
        }
    }

    private mutating func isLost(_ model: GilbertElliott, _ step: UInt64, _ loss: UInt64) -> Bool {
        let isGood = place == .good
        let rate = isGood ? model.lossInGoodTimes : model.lossInBadTimes
        if (isGood ? model.worsens : model.improves).happens(step) {
            place = isGood ? .bad : .good
        }
        return rate.happens(loss)
    }

    private func next(_ model: FourStateLoss, _ random: UInt64) -> Place {
        switch place {
        case .good, .bad:
            if model.p14.happens(random) { return .lostInGap }
            return model.p14.or(model.p13).happens(random) ? .lostInBurst : .good
        case .receivedInBurst: return model.p23.happens(random) ? .lostInBurst : .receivedInBurst
        case .lostInBurst:
            if model.p32.happens(random) { return .receivedInBurst }
            return model.p32.or(model.p31).happens(random) ? .good : .lostInBurst
        case .lostInGap: return .good
        }
    }
}
