import Memory
import Wire

/// The timers of a connection: one entry in the wheel for all (RFC 9293 §3.10.8, RFC 6298 §5).
extension Connection {
    /// The earliest of the timers.
    var earliestTimer: Instant { min(retransmitAt, min(delayedAckAt, idleAt)) }

    /// Runs what is due.
    mutating func runTimers(_ network: inout NetworkLayer) {
        let now = network.now
        if delayedAckAt <= now {
            delayedAckAt = .never
            sendAck(&network)
        }
        if retransmitAt <= now { retransmitTimer(&network) }
        if idleAt <= now { idleTimer(&network) }
    }

    private mutating func retransmitTimer(_ network: inout NetworkLayer) {
        retransmitAt = .never
        switch state {
        case .synSent, .synReceived:
            let isStalled = isStalledTooLong(isFirst: roundTrip.backoff == 0, &network)
            let retries = UInt8(clamping: options(network.tcp).synRetries)
            guard roundTrip.backoff < retries, !isStalled else {
                network.counters.count(.tcpFailedAttempts)
                end(error ?? .timedOut)
                return
            }
            roundTrip.backOff()
            sendSyn(&network)
            heedUserTimeout()
        case .closed, .listen, .timeWait, .finWait2:
            return
        case _ where flags.contains(.persisting):
            probeWindow(&network)
        default:
            guard send.una != send.max else { return }
            let isStalled = isStalledTooLong(isFirst: !flags.contains(.timedOut), &network)
            guard roundTrip.backoff < retries(network.tcp), !isStalled else {
                end(error ?? .timedOut)
                return
            }
            timedOut(&network)
            heedUserTimeout()
        }
    }

    /// How often the timer may expire in vain: for nobody's sake less often.
    private func retries(_ configuration: TCPConfiguration) -> UInt8 {
        UInt8(clamping: isOrphan ? configuration.orphanRetries : configuration.retries)
    }

    /// The peer's window has been shut: ask whether it still is (RFC 9293 §3.8.6.1).
    private mutating func probeWindow(_ network: inout NetworkLayer) {
        let unsent = send.nxt.distance(to: queueEnd)
        let offered = Int(send.wnd) &- send.una.distance(to: send.nxt)
        if offered > 0, unsent > 0 {
            // A small window is used after all (the override of §3.8.6.2.1), and what was corked
            // leaves.
            let count = min(offered, unsent, Int(segmentSize))
            send.nxt += transmit(from: send.nxt, count: count, &network)
            guard retransmitAt == .never else { return }
        } else {
            let isStalled = isStalledTooLong(isFirst: roundTrip.backoff == 0, &network)
            // A window that stays shut for an orphan is a peer that wants to hold our memory.
            let isHeld = isOrphan && roundTrip.backoff >= retries(network.tcp)
            guard probes < retries(network.tcp), !isHeld, !isStalled else {
                end(error ?? .timedOut)
                return
            }
            probes &+= 1
            roundTrip.backOff()
            network.counters.count(.tcpZeroWindowProbes)
            // A number the peer has had: it must answer with its window.
            sendEmpty(sequence: send.una - 1, flags: [.ack], &network)
        }
        flags.insert(.persisting)
        retransmitAt = network.now + roundTrip.timeout(network.tcp)
        if probes > 0 { heedUserTimeout() }
    }

    // MARK: - The user timeout (RFC 9293 §3.10.8, RFC 5482)

    /// The timer expired, for the first time if `isFirst`: whether nothing was acknowledged for as
    /// long as the application would wait.
    private mutating func isStalledTooLong(
        isFirst: Bool, _ network: inout NetworkLayer
    ) -> Bool {
        guard !peculiar.isEmpty, let limit = peculiar[0].options.userTimeout, limit > .zero
        else { return false }
        if isFirst || peculiar[0].stalledSince == .never {
            peculiar[0].stalledSince = network.now - roundTrip.timeout(network.tcp)
        }
        guard network.now >= peculiar[0].stalledSince + limit else { return false }
        network.counters.count(.tcpUserTimeouts)
        return true
    }

    /// The timer does not run past the moment at which the application gives up.
    private mutating func heedUserTimeout() {
        guard !peculiar.isEmpty, let limit = peculiar[0].options.userTimeout, limit > .zero,
            peculiar[0].stalledSince != .never, state != .closed
        else { return }
        retransmitAt = min(retransmitAt, peculiar[0].stalledSince + limit)
    }

    // MARK: - Silence

    private mutating func idleTimer(_ network: inout NetworkLayer) {
        idleAt = .never
        if state == .finWait2, endpoint == nil {
            end(nil)
            return
        }
        guard flags.contains(.keepalive), state.isSynchronized, state != .timeWait else { return }
        let options = options(network.tcp)
        guard send.una == send.max, sendQueue.isEmpty else {
            // Retransmissions and probes of the window ask enough already.
            idleAt = network.now + options.keepaliveIdle
            return
        }
        let due =
            lastHeard + options.keepaliveIdle + options.keepaliveInterval * Int(probes)
        guard network.now >= due else {
            idleAt = due
            return
        }
        if isAnsweredTooLate(options, network) {
            abort(.timedOut, &network)
            return
        }
        probes &+= 1
        network.counters.count(.tcpKeepaliveProbes)
        sendEmpty(sequence: send.una - 1, flags: [.ack], &network)
        idleAt = network.now + options.keepaliveInterval
    }

    /// Whether a silent peer is given up: after so many probes, or with a user timeout after that
    /// time, as on Linux.
    private func isAnsweredTooLate(
        _ options: StreamOptions, _ network: borrowing NetworkLayer
    ) -> Bool {
        guard let limit = options.userTimeout, limit > .zero else {
            return Int(probes) >= options.keepaliveProbes
        }
        return probes > 0 && network.now >= lastHeard + limit
    }
}
