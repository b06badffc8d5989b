/// The names that a name may stand for, in the order in which they are asked for (resolv.conf(5),
/// `ndots` and `search`).
struct SearchList: Sendable {
    /// How asking for one of them ended.
    enum End: Sendable {
        case found
        case noData
        case noName
        /// Servers answered, but none could.
        case serverFailure
        case silence
    }

    /// How the search ended without finding anything.
    enum Miss: Equatable, Sendable {
        case noData
        case noName
        case tryAgain
    }

    private var candidates: ArraySlice<DNSName>
    /// How asking for the name as it is ended, where that came first.
    private var first: Miss?
    private let triesFirst: Bool
    private var hasTriedFirst = false
    private var sawNoData = false
    private var sawServerFailure = false
    private var last = Miss.noName

    /// nil where no name can be made of `text`.
    init?(_ text: String, _ configuration: ResolverConfiguration, domain: String?) {
        let dots = text.utf8.count { $0 == UInt8(ascii: ".") }
        let isWhole = text.utf8.last == UInt8(ascii: ".")
        guard let name = DNSName(text), !name.labels.isEmpty else { return nil }
        triesFirst = isWhole || dots >= configuration.dotLimit
        var candidates: [DNSName] = triesFirst ? [name] : []
        if !isWhole {
            let domains = configuration.search ?? domain.map { [$0] } ?? []
            for domain in domains.lazy.compactMap({ DNSName($0) }) {
                guard let longer = name.within(domain), !candidates.contains(longer) else {
                    continue
                }
                candidates.append(longer)
            }
            if !candidates.contains(name), dots > 0 || !configuration.omitsTopLevel {
                candidates.append(name)
            }
        }
        self.candidates = candidates[...]
    }

    /// The name to be asked for next; nil when nothing is left.
    var next: DNSName? { candidates.first }

    /// Takes note of how asking for `next` ended.
    mutating func note(_ end: End) {
        candidates = candidates.dropFirst()
        switch end {
        case .found: candidates = []
        case .noData:
            sawNoData = true
            last = .noData
        case .noName: last = .noName
        case .serverFailure:
            sawServerFailure = true
            last = .tryAgain
        case .silence:
            // Nobody will answer to another name either.
            candidates = []
            last = .tryAgain
        }
        if triesFirst, !hasTriedFirst { first = last }
        hasTriedFirst = true
    }

    /// How the search ended, nothing having been found: what was said of the name itself counts
    /// most.
    var miss: Miss {
        if let first { return first }
        if sawNoData { return .noData }
        return sawServerFailure ? .tryAgain : last
    }
}
