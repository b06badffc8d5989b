import Wire

/// What the routers of a link still have to be told of a group (RFC 9776 §5.1, RFC 9777 §6.1).
///
/// Each change is told as often as the robustness variable says, since reports may be lost. Later
/// changes join those that are still being told.
struct StateChanges: Sendable {
    /// A source that joined or left the filter.
    struct Source: Equatable, Sendable {
        let address: IPAddress
        /// Reports that it is still to stand in.
        var left: UInt8
    }

    /// Reports of the filter as a whole that are left, after its mode changed.
    private(set) var modeReports: UInt8 = 0
    private(set) var sources: [Source] = []
    /// When the next report is to leave.
    var due = Instant.never

    /// Sources that are told one by one; when there are more, the filter is told as a whole.
    static var sourceLimit: Int { 256 }

    var isPending: Bool { modeReports > 0 || !sources.isEmpty }

    /// Takes note of a change.
    mutating func note(from old: SourceFilter, to new: SourceFilter, robustness: UInt8) {
        guard old.mode == new.mode else {
            modeReports = robustness
            sources = []
            return
        }
        note(new.sources(notIn: old), robustness)
        note(old.sources(notIn: new), robustness)
        if sources.count > Self.sourceLimit {
            modeReports = robustness
            sources = []
        }
    }

    private mutating func note(_ changed: [IPAddress], _ robustness: UInt8) {
        for address in changed {
            if let place = sources.firstIndex(where: { $0.address == address }) {
                sources[place].left = robustness
            } else {
                sources.append(Source(address: address, left: robustness))
            }
        }
    }

    /// The filter is told as a whole, as if its mode had changed: to routers that may have missed
    /// what was told before.
    mutating func noteAll(robustness: UInt8) {
        modeReports = robustness
        sources = []
    }

    /// A report left.
    mutating func countDown() {
        if modeReports > 0 { modeReports -= 1 }
        for index in sources.indices where sources[index].left > 0 { sources[index].left -= 1 }
        sources.removeAll { $0.left == 0 }
        if !isPending { due = .never }
    }

    mutating func cancel() { self = StateChanges() }

    /// The sources of an ALLOW record, those that `filter` lets through, or of a BLOCK record.
    func sources(in filter: SourceFilter, areAllowed: Bool) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for source in sources where filter.accepts(source.address) == areAllowed {
            addresses.append(source.address)
        }
        return addresses
    }
}
