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
            guard roundTrip.backoff < UInt8(clamping: network.tcp.synRetries) else {
                network.counters.count(.tcpFailedAttempts)
                end(error ?? .timedOut)
                return
            }
            roundTrip.backOff()
            sendSyn(&network)
        case .closed, .listen, .timeWait, .finWait2:
            return
        case _ where flags.contains(.persisting):
            probeWindow(&network)
        default:
            guard send.una != send.max else { return }
            guard roundTrip.backoff < UInt8(clamping: network.tcp.retries) else {
                end(error ?? .timedOut)
                return
            }
            timedOut(&network)
        }
    }

    /// The peer's window has been shut: ask whether it still is (RFC 9293 §3.8.6.1).
    private mutating func probeWindow(_ network: inout NetworkLayer) {
        guard probes < UInt8(clamping: network.tcp.retries) else {
            end(.timedOut)
            return
        }
        probes &+= 1
        roundTrip.backOff()
        network.counters.count(.tcpZeroWindowProbes)
        let unsent = send.nxt.distance(to: queueEnd)
        let offered = Int(send.wnd) &- send.una.distance(to: send.nxt)
        if offered > 0, unsent > 0 {
            // A small window is used after all (the override of §3.8.6.2.1).
            send.nxt += transmit(from: send.nxt, count: min(offered, unsent), &network)
        } else {
            // A number the peer has had: it must answer with its window.
            sendEmpty(sequence: send.una - 1, flags: [.ack], &network)
        }
        if retransmitAt == .never {
            flags.insert(.persisting)
            retransmitAt = network.now + roundTrip.timeout(network.tcp)
        }
    }

    private mutating func idleTimer(_ network: inout NetworkLayer) {
        idleAt = .never
        if state == .finWait2, endpoint == nil {
            end(nil)
            return
        }
        guard flags.contains(.keepalive), state.isSynchronized, state != .timeWait else { return }
        let configuration = network.tcp
        let due =
            lastHeard + configuration.keepaliveIdle
            + configuration.keepaliveInterval * Int(probes)
        guard network.now >= due else {
            idleAt = due
            return
        }
        guard probes < UInt8(clamping: configuration.keepaliveProbes) else {
            abort(.timedOut, &network)
            return
        }
        probes &+= 1
        network.counters.count(.tcpKeepaliveProbes)
        sendEmpty(sequence: send.una - 1, flags: [.ack], &network)
        idleAt = network.now + configuration.keepaliveInterval
    }
}
