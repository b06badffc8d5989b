import Wire

/// A route as the command line says it: `10.9.0.0/16=10.7.0.1`, `fd09::/64=fe80::1@20`,
/// `default=10.7.0.1`, or `10.9.0.0/16` for a network on the link itself.
package struct RouteOption: Equatable {
    package var destination: IPPrefix
    /// Nil where the destination is on the link.
    package var gateway: IPAddress?
    package var metric: UInt32

    package static let form = "PREFIX=GATEWAY[@METRIC], such as 10.9.0.0/16=10.7.0.1"

    package init(to destination: IPPrefix, through gateway: IPAddress?, metric: UInt32 = 0) {
        self.destination = destination
        self.gateway = gateway
        self.metric = metric
    }

    /// Nil when `text` is no route, or mixes families, or its prefix has a host's bits.
    package init?(_ text: String) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let ends = parts[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        metric = 0
        if parts.count > 1 {
            guard let number = UInt32(parts[1]) else { return nil }
            metric = number
        }
        gateway = nil
        if ends.count > 1 {
            guard let address = IPAddress(String(ends[1])) else { return nil }
            guard !address.isMulticast, !address.isUnspecified else { return nil }
            gateway = address
        }
        if ends[0] == "default" {
            guard let gateway else { return nil }
            destination = gateway.isIPv4 ? .allIPv4 : .allIPv6
            return
        }
        guard let prefix = IPPrefix(String(ends[0])), prefix == prefix.masked else { return nil }
        guard gateway.map({ $0.isIPv4 == prefix.address.isIPv4 }) ?? true else { return nil }
        destination = prefix
    }
}
