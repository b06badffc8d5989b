import Memory
import Wire

/// In which order the addresses of a name are tried (RFC 6724 §6).
extension Host {
    /// Sorts `destinations` so that the most promising comes first; equals keep their order.
    public func sorted(_ destinations: [IPAddress]) -> [IPAddress] {
        DestinationCandidate.sorted(destinations.map { candidate($0) }).map { $0.address }
    }

    /// What is to be known of `destination` for its place among others.
    ///
    /// - Parameter policy: The precedence and label of an address.
    public func candidate(
        _ destination: IPAddress, policy: (IPAddress) -> AddressPolicy = { AddressPolicy($0) }
    ) -> DestinationCandidate {
        network.candidate(destination, policy: policy)
    }
}

/// A destination and the address that the host would speak to it from.
public struct DestinationCandidate: Sendable {
    public let address: IPAddress
    /// nil where it cannot be reached.
    public let source: IPAddress?
    private let sourcePrefixLength: UInt8
    private let sourceIsDeprecated: Bool
    private let policy: AddressPolicy
    private let sourceLabel: UInt8

    /// - Parameters:
    ///   - address: Where one may speak to.
    ///   - source: From which address one would; nil where there is no way.
    ///   - sourcePrefixLength: How much of `source` names its network, in bits.
    ///   - sourceIsDeprecated: Whether `source` is not to be used for new conversations.
    ///   - policy: The precedence and label of an address.
    public init(
        address: IPAddress, source: IPAddress?, sourcePrefixLength: UInt8,
        sourceIsDeprecated: Bool, policy: (IPAddress) -> AddressPolicy = { AddressPolicy($0) }
    ) {
        self.address = address
        self.source = source
        self.sourcePrefixLength = sourcePrefixLength
        self.sourceIsDeprecated = sourceIsDeprecated
        self.policy = policy(address)
        sourceLabel = source.map { policy($0).label } ?? 0
    }

    /// The most promising first; equals keep their order.
    public static func sorted(_ candidates: [DestinationCandidate]) -> [DestinationCandidate] {
        // A stable sort by insertion: the lists are short.
        var sorted: [DestinationCandidate] = []
        for candidate in candidates {
            let place = sorted.firstIndex { candidate.isBetter(than: $0) } ?? sorted.count
            sorted.insert(candidate, at: place)
        }
        return sorted
    }

    /// The rules of RFC 6724 §6 in their order.
    func isBetter(than other: DestinationCandidate) -> Bool {
        // Rule 1: no unusable destinations.
        guard let source else { return other.source == nil && isUnusedBetter(than: other) }
        guard let otherSource = other.source else { return true }
        // Rule 2: matching scope.
        let (scope, otherScope) = (AddressScope(address), AddressScope(other.address))
        let matches = scope == AddressScope(source)
        if matches != (otherScope == AddressScope(otherSource)) { return matches }
        // Rule 3: no deprecated source.
        if sourceIsDeprecated != other.sourceIsDeprecated { return other.sourceIsDeprecated }
        // Rule 5: matching label.
        let labels = policy.label == sourceLabel
        if labels != (other.policy.label == other.sourceLabel) { return labels }
        // Rule 6: higher precedence.
        if policy.precedence != other.policy.precedence {
            return policy.precedence > other.policy.precedence
        }
        // Rule 8: smaller scope.
        if scope != otherScope { return scope < otherScope }
        // Rule 9: longest common prefix, within a family.
        guard address.isIPv4 == other.address.isIPv4 else { return false }
        return commonPrefixLength > other.commonPrefixLength
    }

    /// Of two that cannot be reached, what the rules say that ask for no source (as in glibc).
    private func isUnusedBetter(than other: DestinationCandidate) -> Bool {
        if policy.precedence != other.policy.precedence {
            return policy.precedence > other.policy.precedence
        }
        return AddressScope(address) < AddressScope(other.address)
    }

    /// Outside a network's prefix, numbers that are alike mean nothing in IPv4 (as in glibc).
    private var commonPrefixLength: Int {
        guard let source else { return 0 }
        let common = address.commonPrefixLength(with: source)
        return address.isIPv4 && common < 96 &+ Int(sourcePrefixLength) ? 0 : common
    }
}

extension NetworkLayer {
    func candidate(
        _ address: IPAddress, policy: (IPAddress) -> AddressPolicy
    ) -> DestinationCandidate {
        let source = path(to: address)?.source
        var isDeprecated = false
        var prefixLength = UInt8(truncatingIfNeeded: address.bitCount)
        if let source, let owner = interface(owning: source),
            let place = interfaces[owner.rawValue].place(of: source)
        {
            isDeprecated = interfaces[owner.rawValue].addresses[place].state == .deprecated
            prefixLength = interfaces[owner.rawValue].addresses[place].prefix.length
        }
        return DestinationCandidate(
            address: address, source: source, sourcePrefixLength: prefixLength,
            sourceIsDeprecated: isDeprecated, policy: policy)
    }
}
