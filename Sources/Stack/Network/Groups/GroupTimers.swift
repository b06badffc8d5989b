import Memory
import Wire

/// What the groups of a link call for when: one timer for each link and family.
extension NetworkLayer {
    /// A group's filter changed: routers are to hear of it (RFC 9776 §5.1; RFC 2236 §6).
    mutating func noteChange(of entry: SlabIndex, from old: SourceFilter) {
        let (address, id) = (groups.groups[entry].address, groups.groups[entry].interface)
        guard groups.groups[entry].isReported,
            interfaces[id.rawValue].configuration.link != .loopback
        else { return }
        let number = GroupTable.querier(id, isIPv4: address.isIPv4)
        settleVersion(number, keeping: entry)
        let isOver = groups.groups[entry].filter.isNobody
        if groups.queriers[number].isLatest {
            let new = groups.groups[entry].filter
            groups.groups[entry].changes.note(
                from: old, to: new, robustness: groups.queriers[number].robustness)
            groups.groups[entry].changes.due = now
        } else if isOver {
            let wasOurs = groups.groups[entry].olderReport.isOurs
            groups.groups[entry].cancel()
            if wasOurs { sendLeave(address, on: id, version: groups.queriers[number].version) }
        } else if old.isNobody {
            groups.groups[entry].olderReport.unsolicited = groups.queriers[number].robustness
            groups.groups[entry].olderReport.due = now
        }
        arm(number, at: groups.groups[entry].due)
    }

    /// Has routers told of all groups of a link and a family again: the address that spoke so far
    /// was none, or another one (RFC 3590 §4).
    mutating func reportGroupsAgain(on id: InterfaceID, isIPv4: Bool) {
        let number = GroupTable.querier(id, isIPv4: isIPv4)
        settleVersion(number)
        let robustness = groups.queriers[number].robustness
        let isLatest = groups.queriers[number].isLatest
        for place in 0..<groups.groups.placeCount {
            guard let entry = member(at: place, of: number), groups.groups[entry].isReported,
                !groups.groups[entry].filter.isNobody
            else { continue }
            if isLatest {
                groups.groups[entry].changes.noteAll(robustness: robustness)
                groups.groups[entry].changes.due = now
            } else {
                groups.groups[entry].olderReport.unsolicited = robustness
                groups.groups[entry].olderReport.due = now
            }
            arm(number, at: now)
        }
    }

    /// The group at a place of the table, if it is of this link and family.
    func member(at place: Int, of number: Int) -> SlabIndex? {
        guard let entry = groups.groups.index(at: place) else { return nil }
        let id = groups.groups[entry].interface
        let isIPv4 = groups.groups[entry].address.isIPv4
        return GroupTable.querier(id, isIPv4: isIPv4) == number ? entry : nil
    }

    /// Speaks another version where it is time to: what was to be told in the old one is forgotten
    /// (RFC 9776 §7.2.1, RFC 9777 §8.2.1).
    ///
    /// - Parameter kept: An entry that somebody works on: it stays even if it is over.
    mutating func settleVersion(_ number: Int, keeping kept: SlabIndex? = nil) {
        if groups.queriers[number].settle(at: now) { forgetPending(number, keeping: kept) }
    }

    mutating func forgetPending(_ number: Int, keeping kept: SlabIndex? = nil) {
        groups.queriers[number].answerDue = .never
        for place in 0..<groups.groups.placeCount {
            guard let entry = member(at: place, of: number) else { continue }
            groups.groups[entry].cancel()
            if entry != kept { groups.removeIfOver(entry, hash) }
        }
    }

    /// Sees to it that the timer runs out at `moment` or before.
    mutating func arm(_ number: Int, at moment: Instant) {
        guard moment < groups.queriers[number].timerDue else { return }
        if let timer = groups.queriers[number].timer { timers.cancel(timer) }
        groups.queriers[number].timerDue = moment
        let owner = TimerOwner(
            kind: .groups, index: SlabIndex(place: UInt32(number), generation: 0))
        groups.queriers[number].timer = timers.schedule(owner, at: moment)
    }

    /// Does what is due for the groups of a link and a family.
    mutating func groupTimer(_ number: Int) {
        groups.queriers[number].timer = nil
        groups.queriers[number].timerDue = .never
        settleVersion(number)
        sendChanges(number)
        sendAnswers(number)
        sendOlderReports(number)
        var next = groups.queriers[number].answerDue
        for place in 0..<groups.groups.placeCount {
            guard let entry = member(at: place, of: number) else { continue }
            next = min(next, groups.groups[entry].due)
        }
        arm(number, at: next)
    }

    /// A random part of `interval`: reports of many hosts are to be spread over it.
    mutating func randomDelay(within interval: Interval) -> Interval {
        let microseconds = UInt32(clamping: interval.microseconds)
        guard microseconds > 0 else { return .zero }
        return .microseconds(Int(random.next(below: microseconds)))
    }
}
