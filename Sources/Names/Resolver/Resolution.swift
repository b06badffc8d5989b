import Stack
import Wire

/// One question of a program, from its text to what the servers say: the search list, the cache,
/// aliases that lead from server to server, and the inquiries. Pure, as they are.
struct Resolution: Sendable {
    /// What was found: for each type that was asked for.
    enum Outcome: Equatable, Sendable {
        case found([DNSFinding])
        case missed(SearchList.Miss)
    }

    enum Step: Equatable, Sendable {
        case exchange(Inquiry.Exchange)
        case finished(Outcome)
    }

    /// What becomes of one type under the name that is being asked for.
    private struct Thread {
        let type: DNSType
        /// Behind the aliases so far.
        var name: DNSName
        var aliases: [DNSName] = []
        var lifetime = UInt32.max
        var finding: DNSFinding?
        /// Whether it only asks if the name exists, in the place of AAAA that is not to be asked for.
        var discards = false

        /// What is said of the type that was wanted.
        var result: DNSFinding? {
            if discards, case .records? = finding { .noData } else { finding }
        }
    }

    private let types: [DNSType]
    private let servers: [SocketAddress]
    private let configuration: ResolverConfiguration
    private let firstServer: Int
    private var search: SearchList
    private var threads: [Thread] = []
    private var inquiry: Inquiry?
    /// The threads that the inquiry is for.
    private var asking: [Int] = []

    init(
        _ search: SearchList, _ types: [DNSType], of servers: [SocketAddress],
        firstServer: Int = 0, _ configuration: ResolverConfiguration
    ) {
        self.search = search
        self.types = types
        self.servers = servers
        self.configuration = configuration
        self.firstServer = firstServer
    }

    /// What is to be done now: at the start and whenever an exchange is over.
    mutating func next(
        _ cache: inout NameCache, _ random: inout some RandomNumberGenerator, at now: Instant
    ) -> Step {
        while true {
            if var current = inquiry {
                let step = current.next(&random, at: now)
                inquiry = current
                switch step {
                case .exchange(let exchange): return .exchange(exchange)
                case .finished(let verdicts): take(verdicts, &cache, at: now)
                }
            } else if threads.isEmpty {
                guard let name = search.next else { return .finished(.missed(search.miss)) }
                threads = types.map { type in
                    guard type == .aaaa, configuration.omitsIPv6 else {
                        return Thread(type: type, name: name)
                    }
                    if types.contains(.a) {
                        return Thread(type: type, name: name, finding: .noData)
                    }
                    return Thread(type: .a, name: name, discards: true)
                }
            } else if let name = openName(&cache, at: now) {
                asking = threads.indices.filter {
                    threads[$0].finding == nil && threads[$0].name == name
                }
                inquiry = Inquiry(
                    name, asking.map { threads[$0].type }, of: servers, firstServer: firstServer,
                    configuration)
            } else {
                let findings = threads.compactMap(\.result)
                let end = SearchList.End(findings)
                if case .found = end { return .finished(.found(findings)) }
                search.note(end)
                threads = []
            }
        }
    }

    /// The name of the first thread that the cache does not end.
    private mutating func openName(_ cache: inout NameCache, at now: Instant) -> DNSName? {
        for index in threads.indices where threads[index].finding == nil {
            let thread = threads[index]
            let key = NameCache.Key(name: thread.name, type: thread.type)
            guard let finding = cache.finding(key, at: now) else { return thread.name }
            threads[index].finding = finding.behind(thread.aliases)
        }
        return nil
    }

    private mutating func take(
        _ verdicts: [DNSVerdict], _ cache: inout NameCache, at now: Instant
    ) {
        inquiry = nil
        for (index, verdict) in zip(asking, verdicts) {
            switch verdict {
            case .finding(let finding, let lifetime):
                let whole = finding.behind(threads[index].aliases)
                threads[index].finding = whole
                let first = threads[index].aliases.first ?? threads[index].name
                cache.keep(
                    whole, as: NameCache.Key(name: first, type: threads[index].type),
                    lifetime: min(lifetime, threads[index].lifetime), at: now)
            case .alias(let target, let names, let lifetime):
                threads[index].aliases += names
                threads[index].name = target
                threads[index].lifetime = min(lifetime, threads[index].lifetime)
                // A chain as long as this leads nowhere.
                if threads[index].aliases.count > DNSReply.aliasLimit {
                    threads[index].finding = .failure(.servers)
                }
            case .withoutExtension, .failed: threads[index].finding = .failure(.servers)
            }
        }
    }

    // MARK: - What comes of an exchange

    /// Takes in what came from the server; whether the exchange is over.
    mutating func receive(_ message: ArraySlice<UInt8>, over transport: Inquiry.Transport) -> Bool {
        inquiry?.receive(message, over: transport) ?? true
    }

    /// Takes note that the exchange ended without all replies.
    mutating func giveUpExchange() { inquiry?.giveUpExchange() }
}

extension DNSFinding {
    /// The same, reached through `names`.
    fileprivate func behind(_ names: [DNSName]) -> DNSFinding {
        guard !names.isEmpty, case .records(var records) = self else { return self }
        records.aliases = names + records.aliases
        return .records(records)
    }
}

extension SearchList.End {
    /// How asking ended, from what was found of each type: the most that can be said.
    fileprivate init(_ findings: [DNSFinding]) {
        func has(_ matches: (DNSFinding) -> Bool) -> Bool { findings.contains(where: matches) }
        if has({ if case .records = $0 { true } else { false } }) {
            self = .found
        } else if has({ $0 == .noName }) {
            self = .noName
        } else if has({ $0 == .failure(.servers) }) {
            self = .serverFailure
        } else if has({ $0 == .failure(.silence) }) {
            self = .silence
        } else {
            self = .noData
        }
    }
}
