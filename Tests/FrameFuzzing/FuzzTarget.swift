/// What is fuzzed: one target for each parser, and one for each part that keeps a state.
///
/// `make fuzz` hands them bytes that coverage suggests; the tests hand them the seeds of
/// `Tests/Corpus` and bytes from a random source.
public enum FuzzTarget: String, CaseIterable, Sendable {
    // Parsers, on the bytes as they are.
    case ethernet
    case arp
    case ipv4
    case ipv4Options = "ipv4-options"
    case ipv4Trace = "ipv4-trace"
    case ipv6
    case ipv6Extensions = "ipv6-extensions"
    case icmpv6
    case ndp
    case igmp
    case mld
    case icmp
    case udp
    case tcp
    case tcpOptions = "tcp-options"
    case quote
    case addresses
    /// Requests to a host about itself.
    case netlink
    // A whole host.
    /// The bytes are frames with pauses (`FrameRecords`).
    case frames
    /// The bytes are choices of a peer that knows the sequence numbers, and of an application.
    case host
    /// The same with a peer that does one thing nearly all of the time.
    case tcpPeer = "tcp-peer"
    case reassembly
    case neighbours
    case autoconfiguration
    case groups
    /// The bytes are choices of calls on sockets of two hosts.
    case calls
    /// The same for endpoints of one host that speak to each other.
    case local

    /// Those that make a whole host, and take their time.
    public static let stateful: [FuzzTarget] = [
        .frames, .host, .tcpPeer, .reassembly, .neighbours, .autoconfiguration, .groups, .calls,
        .netlink, .local,
    ]

    /// What is wrong after `bytes` were taken in; nil if nothing is, and that is expected of all.
    public func problem(with bytes: [UInt8]) -> String? {
        switch self {
        case .ethernet: ParserTargets.ethernet(bytes)
        case .arp: ParserTargets.arp(bytes)
        case .ipv4: ParserTargets.ipv4(bytes)
        case .ipv4Options: ParserTargets.ipv4Options(bytes)
        case .ipv4Trace: ParserTargets.ipv4Trace(bytes)
        case .ipv6: ParserTargets.ipv6(bytes)
        case .ipv6Extensions: ParserTargets.ipv6Extensions(bytes)
        case .icmpv6: ParserTargets.icmpv6(bytes)
        case .ndp: ParserTargets.ndp(bytes)
        case .igmp: ParserTargets.igmp(bytes)
        case .mld: ParserTargets.mld(bytes)
        case .icmp: ParserTargets.icmp(bytes)
        case .udp: ParserTargets.udp(bytes)
        case .tcp: ParserTargets.tcp(bytes)
        case .tcpOptions: ParserTargets.tcpOptions(bytes)
        case .quote: ParserTargets.quote(bytes)
        case .addresses: ParserTargets.addresses(bytes)
        case .frames: FrameFuzzer.problem(withRecords: bytes)
        case .host: FrameFuzzer.problem(withChoices: bytes, .everything)
        case .tcpPeer: FrameFuzzer.problem(withChoices: bytes, .tcp)
        case .reassembly: FrameFuzzer.problem(withChoices: bytes, .reassembly)
        case .neighbours: FrameFuzzer.problem(withChoices: bytes, .neighbours)
        case .autoconfiguration: FrameFuzzer.problem(withChoices: bytes, .autoconfiguration)
        case .groups: FrameFuzzer.problem(withChoices: bytes, .groups)
        case .calls: CallFuzzer.problem(with: bytes)
        case .netlink: NetlinkFuzzer.problem(with: bytes)
        case .local: LocalFuzzer.problem(with: bytes)
        }
    }
}
