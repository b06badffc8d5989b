/// A service by its number. POSIX `servent`.
public struct ServiceEntry: Equatable, Sendable {
    public let name: String
    public let aliases: [String]
    /// In the host's order.
    public let port: UInt16
    /// `tcp`, `udp`, …
    public let protocolName: String

    public init(name: String, aliases: [String], port: UInt16, protocolName: String) {
        self.name = name
        self.aliases = aliases
        self.port = port
        self.protocolName = protocolName
    }
}

/// `/etc/services`: a name, a port with its protocol, and other names on each line.
struct ServicesFile: Sendable {
    /// Lines beyond which the file is not read.
    private static let lineLimit = 65_536

    let entries: [ServiceEntry]
    private let byName: [String: [Int]]
    private let byPort: [UInt16: [Int]]

    /// Lines without a port and a protocol are passed over.
    init(_ text: [Substring]) {
        var entries: [ServiceEntry] = []
        for words in text.lazy.map(NameFile.words) where words.count >= 2 {
            let parts = words[1].split(
                separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[1].isEmpty,
                let port = ASCII.decimal(parts[0], maximum: 65_535)
            else { continue }
            entries.append(
                ServiceEntry(
                    name: words[0], aliases: Array(words[2...]),
                    port: UInt16(truncatingIfNeeded: port), protocolName: String(parts[1])))
            if entries.count == Self.lineLimit { break }
        }
        self.entries = entries
        byName = Dictionary(
            entries.indices.flatMap { index in
                ([entries[index].name] + entries[index].aliases).map { ($0, [index]) }
            }, uniquingKeysWith: +)
        byPort = Dictionary(
            entries.indices.map { (entries[$0].port, [$0]) }, uniquingKeysWith: +)
    }

    /// The first service that bears `name`, over `protocolName` or over any. POSIX
    /// `getservbyname`.
    func entry(named name: String, over protocolName: String?) -> ServiceEntry? {
        first(of: byName[name], over: protocolName)
    }

    /// The first service at `port`, over `protocolName` or over any. POSIX `getservbyport`.
    func entry(at port: UInt16, over protocolName: String?) -> ServiceEntry? {
        first(of: byPort[port], over: protocolName)
    }

    private func first(of indices: [Int]?, over protocolName: String?) -> ServiceEntry? {
        guard let indices else { return nil }
        for index in indices {
            guard let protocolName else { return entries[index] }
            if entries[index].protocolName == protocolName { return entries[index] }
        }
        return nil
    }
}
