import Wire

/// Which senders to a group are listened to (RFC 9776 §2, RFC 9777 §2; RFC 3678 for sockets).
public struct SourceFilter: Equatable, Sendable {
    public enum Mode: UInt8, Sendable {
        /// Those that are listed.
        case include
        /// All but those that are listed.
        case exclude
    }

    public internal(set) var mode: Mode
    /// In rising order, each once.
    public private(set) var sources: [IPAddress]

    /// - Parameter sources: In any order.
    public init(_ mode: Mode, _ sources: [IPAddress] = []) {
        self.mode = mode
        self.sources = []
        for source in sources { insert(source) }
    }

    /// All senders: what joining a group without further ado means.
    public static var everyone: SourceFilter { SourceFilter(.exclude) }
    /// No sender: the group is not listened to at all.
    public static var nobody: SourceFilter { SourceFilter(.include) }

    /// Whether no sender is listened to.
    public var isNobody: Bool { mode == .include && sources.isEmpty }

    /// Whether `source` is listened to.
    public func accepts(_ source: IPAddress) -> Bool { contains(source) == (mode == .include) }

    /// Whether `source` is listed.
    func contains(_ source: IPAddress) -> Bool {
        let place = place(of: source)
        return place < sources.count && sources[place] == source
    }

    /// Lists `source`; whether it was not before.
    @discardableResult
    mutating func insert(_ source: IPAddress) -> Bool {
        let place = place(of: source)
        if place < sources.count, sources[place] == source { return false }
        sources.insert(source, at: place)
        return true
    }

    /// Takes `source` off the list; whether it was there.
    @discardableResult
    mutating func remove(_ source: IPAddress) -> Bool {
        let place = place(of: source)
        guard place < sources.count, sources[place] == source else { return false }
        sources.remove(at: place)
        return true
    }

    /// Where `source` stands or would have to.
    private func place(of source: IPAddress) -> Int {
        var (low, high) = (0, sources.count)
        while low < high {
            let middle = (low &+ high) / 2
            if sources[middle] < source { low = middle &+ 1 } else { high = middle }
        }
        return low
    }

    /// Merges another user's filter, so that each gets all that it wants and as little else as
    /// possible (RFC 9776 §3.2): one EXCLUDE is stronger than all INCLUDEs; what all exclude is
    /// excluded, unless somebody includes it.
    ///
    /// Starting from `nobody`, the order of the users makes no difference.
    mutating func merge(_ other: SourceFilter) {
        switch (mode, other.mode) {
        case (.include, .include):
            for index in other.sources.indices { insert(other.sources[index]) }
        case (.exclude, .exclude):
            sources.removeAll { !other.contains($0) }
        case (.exclude, .include):
            sources.removeAll { other.contains($0) }
        case (.include, .exclude):
            let included = self
            self = other
            sources.removeAll { included.contains($0) }
        }
    }

    /// What is on this list and not on the other one.
    func sources(notIn other: SourceFilter) -> [IPAddress] {
        sources.filter { !other.contains($0) }
    }
}
