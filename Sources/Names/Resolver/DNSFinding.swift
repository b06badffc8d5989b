import Wire

/// What is known of a name and a type of records, from a server or the cache.
enum DNSFinding: Equatable, Sendable {
    /// Records, behind aliases or not.
    struct Records: Equatable, Sendable {
        /// The name that has the records, behind all aliases.
        var canonicalName: DNSName
        /// The names that led there, that of the question first.
        var aliases: [DNSName] = []
        /// At least one.
        var contents: [DNSRecord.Content]

        var addresses: [IPAddress] {
            contents.compactMap { if case .address(let address) = $0 { address } else { nil } }
        }
        var pointers: [DNSName] {
            contents.compactMap { if case .pointer(let name) = $0 { name } else { nil } }
        }
    }

    enum Failure: Equatable, Sendable {
        /// Servers answered, but none could: SERVFAIL and the like.
        case servers
        /// No server answered.
        case silence
    }

    case records(Records)
    /// The name has other records only.
    case noData
    /// There is no such name.
    case noName
    case failure(Failure)

    /// The names in its records of PTR.
    var pointers: [DNSName] {
        if case .records(let records) = self { records.pointers } else { [] }
    }
}

/// What one reply says.
enum DNSVerdict: Equatable, Sendable {
    /// - Parameter lifetime: In seconds; 0 for what is not to be kept.
    case finding(DNSFinding, lifetime: UInt32)
    /// Aliases led from the question to a name of which the reply says nothing.
    case alias(to: DNSName, through: [DNSName], lifetime: UInt32)
    /// The server does not understand OPT.
    case withoutExtension
    /// The server cannot help.
    case failed
}

extension DNSReply {
    /// Aliases beyond which a chain is not followed.
    static let aliasLimit = 16

    /// What the reply says to `question`.
    func verdict(on question: DNSQuestion) -> DNSVerdict {
        switch code {
        case DNSResponseCode.noError.rawValue, DNSResponseCode.nameError.rawValue: break
        case DNSResponseCode.formatError.rawValue, DNSResponseCode.notImplemented.rawValue,
            DNSResponseCode.badVersion.rawValue:
            return .withoutExtension
        default: return .failed
        }
        guard self.question != nil, !isLame else { return .failed }
        var name = question.name
        var aliases: [DNSName] = []
        var lifetime = UInt32.max
        while true {
            let records = answers.filter { $0.type == question.type && $0.name == name }
            if !records.isEmpty {
                for record in records { lifetime = min(lifetime, record.lifetime) }
                let found = DNSFinding.Records(
                    canonicalName: name, aliases: aliases, contents: records.map(\.content))
                return .finding(.records(found), lifetime: lifetime)
            }
            guard let record = answers.first(where: { $0.type == .cname && $0.name == name }),
                case .alias(let target) = record.content
            else { break }
            aliases.append(name)
            guard aliases.count <= Self.aliasLimit else { return .failed }
            lifetime = min(lifetime, record.lifetime)
            name = target
        }
        let gap = gapLifetime(for: name)
        if code == DNSResponseCode.nameError.rawValue {
            return .finding(.noName, lifetime: min(gap ?? 0, lifetime))
        }
        if !aliases.isEmpty, gap == nil {
            return .alias(to: name, through: aliases, lifetime: lifetime)
        }
        return .finding(.noData, lifetime: min(gap ?? 0, lifetime))
    }

    /// Whether the server knows nothing and only points at others, or at nobody.
    private var isLame: Bool {
        code == 0 && answers.isEmpty
            && flags.isDisjoint(with: [.authoritative, .recursionAvailable])
            && !authorities.contains { $0.type == .soa }
    }

    /// For how long a gap of the zone of `name` may be kept, in seconds; nil where the server does
    /// not say (RFC 2308 §5).
    private func gapLifetime(for name: DNSName) -> UInt32? {
        for record in authorities where name.isWithin(record.name) {
            if case .start(let minimum) = record.content { return min(record.lifetime, minimum) }
        }
        return nil
    }
}
