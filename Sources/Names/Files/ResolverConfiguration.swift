import Stack
import Wire

/// How names are asked for: `/etc/resolv.conf` (resolv.conf(5)).
public struct ResolverConfiguration: Equatable, Sendable {
    /// A server, with the zone of a link-local address as it was written.
    public struct Server: Equatable, Sendable {
        public var address: IPAddress
        /// The name or number of an interface (RFC 4007 §11).
        public var zone: String?

        public init(address: IPAddress, zone: String? = nil) {
            self.address = address
            self.zone = zone
        }
    }

    /// At most three; that of the machine itself where none is named.
    public var servers: [Server] = [Server(address: IPAddress(IPv4Address.loopback))]
    /// The domains in which short names are looked for; nil for that of the host's own name.
    public var search: [String]?
    /// Names of so many dots are tried as they are before they are looked for in `search`.
    public var dotLimit = 1
    /// For how long the first server may be silent.
    public var timeout = Interval.seconds(5)
    /// How often each server is asked.
    public var attempts = 2
    /// Whether the servers take turns in being the first. `rotate`
    public var rotates = false
    /// Whether queries go over TCP from the start. `use-vc`
    public var usesStreams = false
    /// Whether AAAA waits for the answer to A. `single-request`
    public var asksInTurn = false
    /// Whether the server's word about authentic data is asked for. `trust-ad`
    public var trustsServers = false
    /// Whether no AAAA is asked for, as if no host had one. `no-aaaa`
    public var omitsIPv6 = false
    /// Whether a name without dots is never asked for as it is. `no-tld-query`
    public var omitsTopLevel = false

    private static let serverLimit = 3
    private static let searchLimit = 64

    public init() {}

    /// Reads the file; what means nothing is passed over.
    init(_ lines: [Substring]) {
        var servers: [Server] = []
        for line in lines {
            // A keyword stands at the very front, a comment too.
            guard let first = line.utf8.first, !ASCII.isSpace(first) else { continue }
            let words = line.utf8.split(whereSeparator: ASCII.isSpace)
                .map { String(Substring($0)) }
            guard words.count >= 2 else { continue }
            switch words[0] {
            case "nameserver":
                guard servers.count < Self.serverLimit, let server = Server(words[1]) else {
                    continue
                }
                servers.append(server)
            case "domain": search = [words[1]]
            case "search": search = Array(words[1...].prefix(Self.searchLimit))
            case "options": for word in words[1...] { setOption(word) }
            default: break
            }
        }
        if !servers.isEmpty { self.servers = servers }
    }

    /// Options are told by how they begin, as the C library tells them.
    private mutating func setOption(_ word: String) {
        if let number = Self.number(word, after: "ndots:") {
            dotLimit = min(number, 15)
        } else if let number = Self.number(word, after: "timeout:") {
            timeout = .seconds(min(number, 30))
        } else if let number = Self.number(word, after: "attempts:") {
            attempts = min(max(number, 1), 5)
        } else if word.hasPrefix("rotate") {
            rotates = true
        } else if word.hasPrefix("single-request") {
            // Also with `-reopen`: each turn has a socket of its own here.
            asksInTurn = true
        } else if word.hasPrefix("use-vc") {
            usesStreams = true
        } else if word.hasPrefix("trust-ad") {
            trustsServers = true
        } else if word.hasPrefix("no-aaaa") {
            omitsIPv6 = true
        } else if word.hasPrefix("no-tld-query") || word.hasPrefix("no_tld_query") {
            omitsTopLevel = true
        }
    }

    /// The digits behind `prefix`, none being 0 and too many a large number.
    private static func number(_ word: String, after prefix: String) -> Int? {
        guard word.hasPrefix(prefix) else { return nil }
        let digits = word.utf8.dropFirst(prefix.utf8.count).prefix { ASCII.digit($0) != nil }
        return digits.reduce(0) { min($0 * 10 + Int($1 &- 0x30), 1_000) }
    }
}

extension ResolverConfiguration.Server {
    /// Reads an address of either family, behind `%` its zone.
    init?(_ text: String) {
        if let v4 = NumericAddress.exactAton(text) {
            self.init(address: IPAddress(v4))
            return
        }
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard let v6 = IPv6Address(String(parts[0])) else { return nil }
        self.init(address: IPAddress(v6), zone: parts.count == 2 ? String(parts[1]) : nil)
    }
}
