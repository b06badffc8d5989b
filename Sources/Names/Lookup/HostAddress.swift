import Stack
import Wire

/// An address of a host, with the family that it is to be spoken to in.
struct HostAddress: Hashable, Sendable {
    let family: Int32
    let address: IPAddress
    var scope: UInt32 = 0
}

extension HostAddress {
    /// Reads an address in numbers, as far as `hints` allow it; nil where `text` is none.
    ///
    /// - Throws: `EAI_ADDRFAMILY` for one of the other family, `EAI_NONAME` for a zone that is not.
    init?(
        numeric text: String, _ hints: AddressHints, _ surroundings: some Surroundings
    ) throws(NameError) {
        if let v4 = NumericAddress.exactAton(text) {
            switch hints.family {
            case 0, SocketNumber.inet:
                self.init(family: SocketNumber.inet, address: IPAddress(v4))
            case _ where hints.flags.contains(.mappedIPv4):
                self.init(family: SocketNumber.inet6, address: IPAddress(v4))
            default: throw .addressFamily
            }
            return
        }
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard let v6 = NumericAddress.pton6(String(parts[0])) else { return nil }
        if hints.family == SocketNumber.inet, !v6.isIPv4Mapped { throw .addressFamily }
        var scope: UInt32 = 0
        if parts.count == 2 {
            guard let number = surroundings.scope(String(parts[1]), of: v6) else { throw .noName }
            scope = number
        }
        // A mapped one that becomes one of IPv4 loses its zone.
        if hints.family == SocketNumber.inet {
            self.init(family: SocketNumber.inet, address: IPAddress(v6))
        } else {
            self.init(family: SocketNumber.inet6, address: IPAddress(v6), scope: scope)
        }
    }
}

/// The order of addresses by what is known of each.
enum DestinationOrder {
    static func sorted(
        _ addresses: [HostAddress], _ candidates: [DestinationCandidate]
    ) -> [HostAddress] {
        // The order of equals is kept, and so are addresses that stand there twice.
        var rest = addresses
        return DestinationCandidate.sorted(candidates).compactMap { candidate in
            guard let place = rest.firstIndex(where: { $0.address == candidate.address }) else {
                return nil
            }
            return rest.remove(at: place)
        }
    }
}
