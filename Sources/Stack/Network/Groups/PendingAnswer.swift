import Wire

/// An answer to a query for a group that waits for its moment (RFC 9776 §5.2, RFC 9777 §6.2).
struct PendingAnswer: Sendable {
    /// When it is to be given; `never` when none is.
    private(set) var due = Instant.never
    /// The sources that were asked for; all when there is none.
    private(set) var sources: [IPAddress] = []

    /// Sources that are kept; asked for more, the group as a whole is answered for, so that
    /// queries cannot fill memory (RFC 9776 §9.1).
    static var sourceLimit: Int { 64 }

    var isPending: Bool { due != .never }

    /// A query came whose answer would leave at `moment`: its sources join those of the one that
    /// waits, and the earlier moment counts.
    mutating func ask(_ asked: [IPAddress], at moment: Instant) {
        if !isPending {
            sources = asked
        } else if sources.isEmpty || asked.isEmpty {
            sources = []
        } else {
            for address in asked where !sources.contains(address) { sources.append(address) }
        }
        if sources.count > Self.sourceLimit { sources = [] }
        due = min(due, moment)
    }

    mutating func cancel() { self = PendingAnswer() }

    /// What a record says of `filter`: of all of it, or of the sources asked for, of which those
    /// are named that are listened to. Nil when there is nothing to say.
    func record(of filter: SourceFilter) -> (type: GroupRecordType, sources: [IPAddress])? {
        guard !filter.isNobody else { return nil }
        if sources.isEmpty {
            return (filter.mode == .include ? .isInclude : .isExclude, filter.sources)
        }
        let wanted = sources.filter { filter.accepts($0) }
        return wanted.isEmpty ? nil : (.isInclude, wanted)
    }
}
