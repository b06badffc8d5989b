import Memory
import Wire

/// When and how much to send (RFC 9293 §3.8.6).
extension Connection {
    /// Takes in bytes from the application; how many there was room for.
    mutating func enqueue(_ bytes: Span<UInt8>, _ network: inout NetworkLayer) -> Int {
        let room = network.hasMemoryToSend ? sendRoom(network.tcp) : 0
        let taken = sendQueue.append(bytes.extracting(first: min(room, bytes.count)))
        if taken < bytes.count { flags.insert(.wantsToSend) }
        return taken
    }

    /// Sends what the windows and Nagle's algorithm allow.
    mutating func output(_ network: inout NetworkLayer) {
        switch state {
        case .established, .closeWait, .finWait1, .closing, .lastAck: break
        default: return
        }
        if flags.contains(.recovering) { retransmitLost(&network) }
        while true {
            skipWhatThePeerHolds()
            let unsent = max(0, send.nxt.distance(to: queueEnd))
            let usable = usableWindow(unsent)
            let owesFin =
                flags.contains(.finQueued) && send.nxt <= queueEnd
            guard unsent > 0 || owesFin else { break }
            let count = sendable(unsent: unsent, usable: usable)
            if unsent > 0 && count == 0 {
                probeLaterIfStuck(usable, &network)
                break
            }
            let sent = transmit(from: send.nxt, count: count, &network)
            guard sent > 0 else { break }
            send.nxt += sent
        }
    }

    /// After a timeout, what was acknowledged selectively is not sent again.
    private mutating func skipWhatThePeerHolds() {
        guard !scoreboard.isEmpty, send.nxt < send.max else { return }
        send.nxt = scoreboard.hole(from: send.nxt)
    }

    /// What the peer's window and the network's leave, in bytes.
    private func usableWindow(_ unsent: Int) -> Int {
        let offered = send.una.distance(to: send.nxt)
        let byPeer = Int(send.wnd) &- offered
        let byNetwork = Int(congestion.window) &+ limitedTransmit &- Int(pipe)
        return max(0, min(byPeer, byNetwork))
    }

    /// Two segments more may leave on the first two duplicates (RFC 3042).
    private var limitedTransmit: Int {
        guard !flags.contains(.recovering), scoreboard.isEmpty else { return 0 }
        return Int(min(duplicateAcks, 2)) &* Int(segmentSize)
    }

    /// How much of `unsent` is to leave in one packet now, 0 to wait.
    private func sendable(unsent: Int, usable: Int) -> Int {
        let mss = Int(segmentSize)
        var count = min(unsent, usable)
        if send.nxt < send.max {
            // Never past what the peer holds already.
            let end = scoreboard.holeEnd(from: send.nxt, limit: send.max)
            count = min(count, max(mss, send.nxt.distance(to: end)))
            count = min(count, send.nxt.distance(to: end))
            if count > 0, count == send.nxt.distance(to: end) { return min(count, mergeLimit) }
        }
        if count >= mss {
            let limit = mergeLimit
            if count < unsent, count < limit, isWorthWaiting(count) { return 0 }
            if count > limit { return limit }
            // A last part of a segment goes along only if it may go alone.
            return count == unsent && maySendSmall ? count : count / mss &* mss
        }
        guard count > 0 else { return 0 }
        if count == unsent { return maySendSmall ? count : 0 }
        // A window this small is used only when it is half of the largest (§3.8.6.2.1).
        return UInt32(count) >= send.largestWindow / 2 && pipe == 0 ? count : 0
    }

    /// The most text of one packet: 64 KB where the link cuts it, else a segment.
    private var mergeLimit: Int {
        let mss = Int(segmentSize)
        // The pointer of a merged packet would be wrong in all segments but the first.
        guard flags.contains(.mergesSegments), !flags.contains(.urgentOut) else { return mss }
        return max(1, (65535 - 120) / mss) &* mss
    }

    /// Whether more room is soon to come, so that one large packet can leave instead of many
    /// small ones: acknowledgments for at least seven eighths of the window are on their way.
    private func isWorthWaiting(_ count: Int) -> Bool {
        guard flags.contains(.mergesSegments), !flags.contains(.recovering), pipe > 0 else {
            return false
        }
        let window = min(send.wnd, congestion.window)
        return count < Int(window) / 8
    }

    /// Nagle's algorithm (§3.7.4) in Minshall's variant, as on Linux: less than a segment waits
    /// while another such is out. What is urgent does not wait, nor do the last bytes; what is
    /// corked does.
    private var maySendSmall: Bool {
        if flags.contains(.finQueued) || isUrgent { return true }
        if flags.contains(.corked) { return false }
        return flags.contains(.noDelay) || smallEnd <= send.una || smallEnd > send.nxt
    }

    /// With nothing out, no acknowledgment will come to open the window: a timer must.
    private mutating func probeLaterIfStuck(_ usable: Int, _ network: inout NetworkLayer) {
        guard send.una == send.max, retransmitAt == .never else { return }
        flags.insert(.persisting)
        retransmitAt = network.now + roundTrip.timeout(network.tcp)
    }

    /// The application gives no more: the FIN follows the last byte.
    mutating func queueFin(_ network: inout NetworkLayer) {
        guard !flags.contains(.finQueued) else { return }
        switch state {
        case .synSent, .synReceived: break
        case .established: state = .finWait1
        case .closeWait: state = .lastAck
        default: return
        }
        flags.insert(.finQueued)
        output(&network)
    }
}
