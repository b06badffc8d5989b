import Memory
import Wire

/// Queries on their way in: when they are answered (RFC 9776 §5.2, RFC 9777 §6.2, RFC 2236 §3,
/// RFC 2710 §4).
extension NetworkLayer {
    mutating func take(_ query: HeardQuery, on id: InterfaceID, isIPv4: Bool) {
        counters.count(.groupQueriesReceived)
        guard interfaces[id.rawValue].configuration.link != .loopback else { return }
        let number = GroupTable.querier(id, isIPv4: isIPv4)
        if groups.queriers[number].hear(query, at: now) { forgetPending(number) }
        guard groups.queriers[number].isLatest else {
            askOlder(query, number, on: id)
            return
        }
        let moment = now + randomDelay(within: query.maximumResponse)
        // Rule 1: an answer for all groups that leaves before says it all.
        guard groups.queriers[number].answerDue > moment else { return }
        guard let group = query.group else {
            groups.queriers[number].answerDue = moment
            arm(number, at: moment)
            return
        }
        guard let entry = groups.find(group, on: id, hash), groups.groups[entry].isReported,
            !groups.groups[entry].filter.isNobody
        else { return }
        groups.groups[entry].answer.ask(query.sources, at: moment)
        arm(number, at: groups.groups[entry].answer.due)
    }

    /// In the older versions each group has a delay of its own; a query makes it shorter and never
    /// longer.
    private mutating func askOlder(_ query: HeardQuery, _ number: Int, on id: InterfaceID) {
        if let group = query.group {
            guard let entry = groups.find(group, on: id, hash) else { return }
            askOlder(entry, number, within: query.maximumResponse)
            return
        }
        for place in 0..<groups.groups.placeCount {
            guard let entry = member(at: place, of: number) else { continue }
            askOlder(entry, number, within: query.maximumResponse)
        }
    }

    private mutating func askOlder(
        _ entry: SlabIndex, _ number: Int, within interval: Interval
    ) {
        guard groups.groups[entry].isReported, !groups.groups[entry].filter.isNobody,
            groups.groups[entry].olderReport.due > now + interval
        else { return }
        let moment = now + randomDelay(within: interval)
        groups.groups[entry].olderReport.due = moment
        arm(number, at: moment)
    }

    /// Another host reported a group in an older version: routers know, and this host need not say
    /// so (RFC 2236 §3, RFC 2710 §4).
    mutating func hearReport(of group: IPAddress, on id: InterfaceID) {
        counters.count(.groupReportsReceived)
        guard let entry = groups.find(group, on: id, hash) else { return }
        groups.groups[entry].olderReport = OlderReport()
    }
}
