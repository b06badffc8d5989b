import Wire

/// Whose addresses an endpoint speaks: `AF_INET` and `AF_INET6`.
public enum AddressFamily: UInt8, Sendable {
    /// IPv4 only.
    case inet
    /// IPv6, and IPv4 too unless the endpoint is for IPv6 only (RFC 3493 §3.7).
    case inet6

    /// The family that `address` is of.
    public init(of address: IPAddress) { self = address.isIPv4 ? .inet : .inet6 }

    /// The address that stands for all of the host's: 0.0.0.0 or `::`.
    public var unspecified: IPAddress { self == .inet ? .unspecifiedV4 : .unspecifiedV6 }
}

/// Which of the host's addresses an endpoint answers to.
struct LocalScope: Equatable, Sendable {
    /// One address, or an unspecified one for all of its family.
    let address: IPAddress
    /// Whether `::` means IPv4 too (RFC 3493 §3.7).
    let isDual: Bool

    /// - Parameter allowsDual: Whether the endpoint is of IPv6 and not for IPv6 only.
    init(_ address: IPAddress, allowsDual: Bool) {
        self.address = address
        isDual = allowsDual && address == .unspecifiedV6
    }

    /// Whether what is sent to `destination` is for the endpoint.
    func takes(_ destination: IPAddress) -> Bool {
        if address == destination { return true }
        return address.isUnspecified && (isDual || address.isIPv4 == destination.isIPv4)
    }

    /// Whether an address is for both endpoints.
    func overlaps(_ other: LocalScope) -> Bool { takes(other.address) || other.takes(address) }
}
