import Wire

/// Looks for the names of an address in the sources of the configuration, in their order. Pure, as
/// `HostLookup` is.
struct ReverseLookup: Sendable {
    enum Step: Equatable, Sendable {
        /// Servers are to be asked for the pointers.
        case ask
        case found(HostEntry)
        case missed(HostLookup.Miss)
    }

    private let address: IPAddress
    private let family: Int32
    private let hosts: HostsFile
    private var steps: ArraySlice<SourceOrder.Step>
    private var miss = HostLookup.Miss.noName

    init(_ address: IPAddress, _ family: Int32, _ order: SourceOrder, _ hosts: HostsFile) {
        self.address = address
        self.family = family
        self.hosts = hosts
        steps = order.steps[...]
    }

    /// What is to be done now; after `ask`, `take` comes first.
    mutating func next() -> Step {
        while let step = steps.first {
            switch step.source {
            case .files:
                if let line = hosts.line(of: address) {
                    return .found(entry(line.name, line.aliases))
                }
                pass(step, .notFound, .noName)
            case .dns: return .ask
            case .other: pass(step, .unavailable, miss)
            }
        }
        return .missed(miss)
    }

    /// Takes in what servers said; what was found, or nil where `next` says more.
    mutating func take(_ outcome: Resolution.Outcome) -> HostEntry? {
        guard let step = steps.first else { return nil }
        switch outcome {
        case .found(let findings):
            // Whoever owns the address may name it anything: only names of hosts are handed on.
            let names = findings.flatMap(\.pointers)
                .filter { $0.isHostName && !$0.labels.isEmpty }.map(\.description)
            if let first = names.first { return entry(first, Array(names.dropFirst())) }
            pass(step, .notFound, .noName)
        case .missed(.noName): pass(step, .notFound, .noName)
        case .missed(.noData): pass(step, .notFound, .noData)
        case .missed(.tryAgain): pass(step, .tryAgain, .tryAgain)
        }
        return nil
    }

    private func entry(_ name: String, _ aliases: [String]) -> HostEntry {
        HostEntry(name: name, aliases: aliases, family: family, addresses: [address])
    }

    private mutating func pass(
        _ step: SourceOrder.Step, _ status: SourceOrder.Status, _ miss: HostLookup.Miss
    ) {
        self.miss = miss
        steps = step.returns.contains(status) ? [] : steps.dropFirst()
    }
}
