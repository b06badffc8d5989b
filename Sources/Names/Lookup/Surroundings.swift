import Stack
import Wire

/// What a lookup must know of the machine whose sockets the program uses.
protocol Surroundings: Sendable {
    /// Whether the machine has addresses of the families beside `127.0.0.1` and `::1`.
    var families: (ipv4: Bool, ipv6: Bool) { get }
    /// POSIX `if_nametoindex`; nil where there is no such interface.
    func interface(named name: String) -> UInt32?
    /// POSIX `if_indextoname`; nil where there is no such interface.
    func interfaceName(_ number: UInt32) -> String?
    /// What is to be known of addresses for their order (RFC 6724 §6).
    func candidates(
        _ addresses: [(address: IPAddress, scope: UInt32)], _ policies: PolicyFile
    ) -> [DestinationCandidate]
}

extension Surroundings {
    /// The number of a zone as it is written behind `%`: the name of an interface where the address
    /// is unique on a link only, or a number (RFC 4007 §11).
    func scope(_ text: String, of address: IPv6Address) -> UInt32? {
        let isMulticastOfLink = address.high >> 48 & 0xFF0F == 0xFF02
        if address.isLinkLocal || isMulticastOfLink, let number = interface(named: text) {
            return number
        }
        return ASCII.decimal(text, maximum: Int(UInt32.max)).map { UInt32($0) }
    }

    /// Behind `%`: the name of an interface where the address is unique on a link only, else its
    /// number.
    func scopeText(_ scope: UInt32, of address: IPv6Address) -> String {
        let isMulticastOfLink = address.high >> 48 & 0xFF0F == 0xFF02
        guard address.isLinkLocal || isMulticastOfLink, let name = interfaceName(scope) else {
            return "\(scope)"
        }
        return name
    }
}
