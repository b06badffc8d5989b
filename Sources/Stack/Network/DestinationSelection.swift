import Memory
import Wire

/// In which order the addresses of a name are tried (RFC 6724 §6).
extension Host {
    /// Sorts `destinations` so that the most promising comes first; equals keep their order.
    public func sorted(_ destinations: [IPAddress]) -> [IPAddress] {
        let candidates = destinations.map { network.candidate($0) }
        // A stable sort by insertion: the lists are short.
        var sorted: [DestinationCandidate] = []
        for candidate in candidates {
            let place = sorted.firstIndex { candidate.isBetter(than: $0) } ?? sorted.count
            sorted.insert(candidate, at: place)
        }
        return sorted.map { $0.address }
    }
}

/// A destination and the address that the host would speak to it from.
struct DestinationCandidate: Sendable {
    let address: IPAddress
    /// nil where it cannot be reached.
    let source: IPAddress?
    let sourceIsDeprecated: Bool

    /// The rules of RFC 6724 §6 in their order.
    func isBetter(than other: DestinationCandidate) -> Bool {
        // Rule 1: no unusable destinations.
        guard let source else { return false }
        guard let otherSource = other.source else { return true }
        // Rule 2: matching scope.
        let (scope, otherScope) = (AddressScope(address), AddressScope(other.address))
        let matches = scope == AddressScope(source)
        if matches != (otherScope == AddressScope(otherSource)) { return matches }
        // Rule 3: no deprecated source.
        if sourceIsDeprecated != other.sourceIsDeprecated { return other.sourceIsDeprecated }
        // Rule 5: matching label.
        let (policy, otherPolicy) = (AddressPolicy(address), AddressPolicy(other.address))
        let labels = policy.label == AddressPolicy(source).label
        if labels != (otherPolicy.label == AddressPolicy(otherSource).label) { return labels }
        // Rule 6: higher precedence.
        if policy.precedence != otherPolicy.precedence {
            return policy.precedence > otherPolicy.precedence
        }
        // Rule 8: smaller scope.
        if scope != otherScope { return scope < otherScope }
        // Rule 9: longest common prefix, within a family.
        guard address.isIPv4 == other.address.isIPv4 else { return false }
        return address.commonPrefixLength(with: source)
            > other.address.commonPrefixLength(with: otherSource)
    }
}

extension NetworkLayer {
    func candidate(_ address: IPAddress) -> DestinationCandidate {
        guard let source = path(to: address)?.source else {
            return DestinationCandidate(address: address, source: nil, sourceIsDeprecated: false)
        }
        var isDeprecated = false
        if let owner = interface(owning: source),
            let place = interfaces[owner.rawValue].place(of: source)
        {
            isDeprecated = interfaces[owner.rawValue].addresses[place].state == .deprecated
        }
        return DestinationCandidate(
            address: address, source: source, sourceIsDeprecated: isDeprecated)
    }
}
