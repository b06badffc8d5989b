import Wire

/// Looks for the addresses of a name in the sources of the configuration, in their order. Pure: it
/// says what servers are to be asked, and is told what they said.
struct HostLookup: Sendable {
    /// What was found.
    struct Found: Equatable, Sendable {
        var canonicalName: String
        var aliases: [String]
        var addresses: [HostAddress]
    }

    enum Miss: Error, Equatable, Sendable {
        case noName
        case noData
        case tryAgain
        /// The task that looked was cancelled.
        case cancelled
    }

    enum Step: Equatable, Sendable {
        /// Servers are to be asked for the records of these types.
        case ask([DNSType])
        case found(Found)
        case missed(Miss)
    }

    private let name: String
    private let types: [DNSType]
    private let hosts: HostsFile
    /// Whether `::1` in the file stands for 127.0.0.1 too, as where one family is asked for.
    private let mapsLoopback: Bool
    private var steps: ArraySlice<SourceOrder.Step>
    private var miss = Miss.noName

    /// - Parameter types: A, AAAA or both.
    init(
        _ name: String, _ types: [DNSType], _ order: SourceOrder, _ hosts: HostsFile,
        mapsLoopback: Bool
    ) {
        self.name = name
        self.types = types
        self.hosts = hosts
        self.mapsLoopback = mapsLoopback
        steps = order.steps[...]
    }

    /// What is to be done now; after `ask`, `take` comes first.
    mutating func next() -> Step {
        while let step = steps.first {
            switch step.source {
            case .files:
                if let found = foundInFile {
                    guard !step.returns.contains(.success) else { return .found(found) }
                    steps = steps.dropFirst()
                } else {
                    pass(step, .notFound, .noName)
                }
            case .dns:
                // What is no name of a host is none that servers are to see.
                if DNSName(name)?.isHostName == true { return .ask(types) }
                pass(step, .notFound, .noName)
            case .other: pass(step, .unavailable, miss)
            }
        }
        return .missed(miss)
    }

    /// Takes in what servers said; what was found, or nil where `next` says more.
    mutating func take(_ outcome: Resolution.Outcome) -> Found? {
        guard let step = steps.first else { return nil }
        switch outcome {
        case .found(let findings):
            if let found = Self.found(findings, types, name) { return found }
            pass(step, .notFound, .noData)
        case .missed(.noName): pass(step, .notFound, .noName)
        case .missed(.noData): pass(step, .notFound, .noData)
        case .missed(.tryAgain): pass(step, .tryAgain, .tryAgain)
        }
        return nil
    }

    private mutating func pass(
        _ step: SourceOrder.Step, _ status: SourceOrder.Status, _ miss: Miss
    ) {
        self.miss = miss
        steps = step.returns.contains(status) ? [] : steps.dropFirst()
    }

    /// Of several lines all addresses count, and the first line's name.
    private var foundInFile: Found? {
        var found: Found?
        for line in hosts.lines(named: name) {
            let addresses = addresses(of: line)
            if addresses.isEmpty { continue }
            if found == nil {
                found = Found(canonicalName: line.name, aliases: line.aliases, addresses: addresses)
            } else {
                let names = [line.name] + line.aliases
                for name in names where name != found?.canonicalName {
                    if found?.aliases.contains(name) == false { found?.aliases.append(name) }
                }
                found?.addresses += addresses
            }
        }
        return found
    }

    private func addresses(of line: HostsFile.Line) -> [HostAddress] {
        let v4 = HostAddress(family: SocketNumber.inet, address: line.address)
        if !line.isIPv6 { return types.contains(.a) ? [v4] : [] }
        var addresses: [HostAddress] = []
        if types.contains(.aaaa) {
            addresses.append(HostAddress(family: SocketNumber.inet6, address: line.address))
        } else if line.address.isIPv4 {
            addresses.append(v4)
        }
        if mapsLoopback, types.contains(.a), line.address.isLoopback, !line.address.isIPv4 {
            addresses.append(
                HostAddress(
                    family: SocketNumber.inet, address: IPAddress(IPv4Address.loopback)))
        }
        return addresses
    }

    /// Addresses in the order of the types, and the real name as the first of them has it.
    private static func found(
        _ findings: [DNSFinding], _ types: [DNSType], _ name: String
    ) -> Found? {
        var found: Found?
        for (finding, type) in zip(findings, types) {
            guard case .records(let records) = finding else { continue }
            let family = type == .aaaa ? SocketNumber.inet6 : SocketNumber.inet
            let addresses = records.addresses.map { HostAddress(family: family, address: $0) }
            // A name that is none of a host's is not handed on.
            let aliases = records.aliases.filter(\.isHostName).map(\.description)
            if found == nil {
                found = Found(
                    canonicalName: records.canonicalName.isHostName
                        ? records.canonicalName.description : name,
                    aliases: aliases, addresses: [])
            }
            found?.addresses += addresses
        }
        return found?.addresses.isEmpty == false ? found : nil
    }
}
