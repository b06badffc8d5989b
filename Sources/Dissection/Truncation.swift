/// A packet whose bytes end within a protocol's fields: the line ends with its name.
enum Truncation: Error {
    case arp, domain, ethernet, http, icmp, icmp6, ip, ip6, tcp, udp

    /// As tcpdump marks it.
    var mark: String {
        switch self {
        case .arp: " [|arp]"
        case .domain: " [|domain]"
        case .ethernet: " [|ether]"
        case .http: " [|http]"
        case .icmp: " [|icmp]"
        case .icmp6: " [|icmp6]"
        case .ip: " [|ip]"
        case .ip6: " [|ip6]"
        case .tcp: " [|tcp]"
        case .udp: " [|udp]"
        }
    }
}
