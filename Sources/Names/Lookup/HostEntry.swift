import Wire

/// A host with all its names and addresses of one family. POSIX `hostent`.
public struct HostEntry: Equatable, Sendable {
    public let name: String
    public let aliases: [String]
    /// `AF_INET` or `AF_INET6`.
    public let family: Int32
    public let addresses: [IPAddress]

    public init(name: String, aliases: [String], family: Int32, addresses: [IPAddress]) {
        self.name = name
        self.aliases = aliases
        self.family = family
        self.addresses = addresses
    }

    /// The entry that an address in numbers is its own: no source is asked.
    ///
    /// - Throws: `HOST_NOT_FOUND` for one of the other family.
    static func numeric(_ text: String, family: Int32) throws(HostError) -> HostEntry? {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, ASCII.hexadecimalDigit(first) != nil || first == 0x3A else {
            return nil
        }
        func entry(_ address: IPAddress) -> HostEntry {
            HostEntry(name: text, aliases: [], family: family, addresses: [address])
        }
        // Digits and dots that do not end in one are an address, or nothing.
        if ASCII.digit(first) != nil, bytes.last != 0x2E,
            bytes.allSatisfy({ ASCII.digit($0) != nil || $0 == 0x2E })
        {
            guard let v4 = NumericAddress.exactAton(text), family == SocketNumber.inet else {
                throw .hostNotFound
            }
            return entry(IPAddress(v4))
        }
        guard bytes.contains(0x3A), let v6 = NumericAddress.pton6(text) else { return nil }
        guard family == SocketNumber.inet6 else { throw .hostNotFound }
        return entry(IPAddress(v6))
    }
}
