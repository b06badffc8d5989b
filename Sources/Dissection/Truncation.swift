/// A packet whose bytes end within a protocol's fields: the line ends with its name.
enum Truncation: Error {
    case arp, destinationOptions, domain, ethernet, fragment, hopByHop, http, icmp, icmp6, igmp, ip,
        ip6, routing, tcp, udp

    /// As tcpdump marks it.
    var mark: String {
        switch self {
        case .arp: " [|arp]"
        case .destinationOptions: " [|dstopt]"
        case .domain: " [|domain]"
        case .ethernet: " [|ether]"
        case .fragment: " [|frag]"
        case .hopByHop: " [|hbhopt]"
        case .http: " [|http]"
        case .icmp: " [|icmp]"
        case .icmp6: " [|icmp6]"
        case .igmp: " [|igmp]"
        case .ip: " [|ip]"
        case .ip6: " [|ip6]"
        case .routing: " [|srcrt]"
        case .tcp: " [|tcp]"
        case .udp: " [|udp]"
        }
    }
}
