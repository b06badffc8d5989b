import Memory
import Wire

/// Which of the host's addresses speaks (RFC 6724 §5; RFC 1122 §3.3.4.3 for IPv4).
extension NetworkLayer {
    /// The address to speak from to `destination`; nil where the host has none of its family.
    func sourceAddress(
        for destination: IPAddress, via nextHop: IPAddress, on id: InterfaceID
    ) -> IPAddress? {
        if destination.isIPv4 {
            return ipv4Source(facing: nextHop, on: id)
        }
        return ipv6Source(for: destination, on: id)
    }

    /// An address on the neighbour's network, else the first of the link, else of any link.
    private func ipv4Source(facing neighbour: IPAddress, on id: InterfaceID) -> IPAddress? {
        var first: IPAddress?
        let number = id.rawValue
        for index in interfaces[number].addresses.indices {
            guard interfaces[number].addresses[index].isUsable else { continue }
            let prefix = interfaces[number].addresses[index].prefix
            guard prefix.address.isIPv4 else { continue }
            if prefix.contains(neighbour) { return prefix.address }
            if first == nil { first = prefix.address }
        }
        if let first { return first }
        for other in 0..<interfaces.count where other != Self.loopbackID.rawValue {
            for index in interfaces[other].addresses.indices
            where interfaces[other].addresses[index].isUsable {
                let address = interfaces[other].addresses[index].prefix.address
                if address.isIPv4, !address.isLinkLocal { return address }
            }
        }
        return nil
    }

    /// The best of the candidates: those of the link, or all where the link has none in scope
    /// (RFC 6724 §4).
    private func ipv6Source(for destination: IPAddress, on id: InterfaceID) -> IPAddress? {
        var best: InterfaceAddress?
        for number in 0..<interfaces.count {
            // A link-local destination is spoken to from its own link.
            if number != id.rawValue, destination.isLinkLocal || destination.isMulticast {
                continue
            }
            for index in interfaces[number].addresses.indices {
                let candidate = interfaces[number].addresses[index]
                let address = candidate.prefix.address
                guard candidate.isUsable, !address.isIPv4, !address.isMulticast else { continue }
                // Another link's link-local address means nothing on this one.
                if number != id.rawValue, address.isLinkLocal || address.isLoopback { continue }
                guard let known = best else {
                    best = candidate
                    continue
                }
                if Self.isBetter(
                    candidate, than: known, for: destination,
                    isOnLink: number == id.rawValue,
                    other: interfaces[id.rawValue].place(of: known.prefix.address) != nil)
                {
                    best = candidate
                }
            }
        }
        return best?.prefix.address
    }

    /// The rules of RFC 6724 §5 in their order; an even comparison keeps what was there.
    private static func isBetter(
        _ a: InterfaceAddress, than b: InterfaceAddress, for destination: IPAddress,
        isOnLink aIsOnLink: Bool, other bIsOnLink: Bool
    ) -> Bool {
        let (first, second) = (a.prefix.address, b.prefix.address)
        // Rule 1: the same address.
        if first == destination { return true }
        if second == destination { return false }
        // Rule 2: an appropriate scope.
        let (scope, other) = (AddressScope(first), AddressScope(second))
        let wanted = AddressScope(destination)
        if scope < other { return scope >= wanted }
        if other < scope { return other < wanted }
        // Rule 3: no deprecated address.
        if (a.state == .deprecated) != (b.state == .deprecated) { return b.state == .deprecated }
        // Rule 5: the outgoing link.
        if aIsOnLink != bIsOnLink { return aIsOnLink }
        // Rule 6: the same label.
        let label = AddressPolicy(destination).label
        let (isSame, otherIsSame) = (
            AddressPolicy(first).label == label, AddressPolicy(second).label == label
        )
        if isSame != otherIsSame { return isSame }
        // Rule 7: a temporary address.
        if (a.origin == .temporary) != (b.origin == .temporary) { return a.origin == .temporary }
        // Rule 8: the longest common prefix, no longer than the network's.
        let common = min(first.commonPrefixLength(with: destination), Int(a.prefix.length))
        let otherCommon = min(second.commonPrefixLength(with: destination), Int(b.prefix.length))
        return common > otherCommon
    }
}

/// How far an address reaches (RFC 4007 §5, RFC 6724 §3.1), with the numbers of multicast scopes.
struct AddressScope: Comparable, Sendable {
    let rawValue: UInt8

    static let linkLocal = AddressScope(rawValue: 2)
    static let siteLocal = AddressScope(rawValue: 5)
    static let global = AddressScope(rawValue: 14)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ address: IPAddress) {
        if address.isIPv4 {
            // RFC 6724 §3.2: 169.254/16 and 127/8 reach the link, all others everywhere.
            self = address.isLinkLocal || address.isLoopback ? .linkLocal : .global
        } else if address.isMulticast {
            self.init(rawValue: UInt8(truncatingIfNeeded: address.high >> 48) & 0xF)
        } else if address.isLinkLocal || address.isLoopback {
            self = .linkLocal
        } else if address.high >> 54 == 0x3FB {
            // fec0::/10, deprecated (RFC 3879).
            self = .siteLocal
        } else {
            self = .global
        }
    }

    static func < (a: AddressScope, b: AddressScope) -> Bool { a.rawValue < b.rawValue }
}

/// The precedence and label of an address (RFC 6724 §2.1).
public struct AddressPolicy: Equatable, Sendable {
    public let precedence: UInt8
    public let label: UInt8

    public init(precedence: UInt8, label: UInt8) {
        self.precedence = precedence
        self.label = label
    }

    /// Those of the default table.
    public init(_ address: IPAddress) {
        let (high, low) = (address.high, address.low)
        switch high {
        case 0 where low == 1: (precedence, label) = (50, 0)
        case 0 where low >> 32 == 0xFFFF: (precedence, label) = (35, 4)
        case 0 where low >> 32 == 0: (precedence, label) = (1, 3)
        case _ where high >> 48 == 0x2002: (precedence, label) = (30, 2)
        case _ where high >> 32 == 0x2001_0000: (precedence, label) = (5, 5)
        case _ where high >> 57 == 0x7E: (precedence, label) = (3, 13)
        case _ where high >> 54 == 0x3FB: (precedence, label) = (1, 11)
        case _ where high >> 48 == 0x3FFE: (precedence, label) = (1, 12)
        default: (precedence, label) = (40, 1)
        }
    }
}

extension IPAddress {
    /// How many leading bits two addresses of a family share.
    func commonPrefixLength(with other: IPAddress) -> Int {
        let high = self.high ^ other.high
        if high != 0 { return high.leadingZeroBitCount }
        return 64 &+ (low ^ other.low).leadingZeroBitCount
    }
}
