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
    case ipv6
    case icmp
    case udp
    case tcp
    case tcpOptions = "tcp-options"
    case quote
    case addresses
    // A whole host.
    /// The bytes are frames with pauses (`FrameRecords`).
    case frames
    /// The bytes are choices of a peer that knows the sequence numbers, and of an application.
    case host
    /// The bytes are choices of calls on sockets of two hosts.
    case calls

    /// What is wrong after `bytes` were taken in; nil if nothing is, and that is expected of all.
    public func problem(with bytes: [UInt8]) -> String? {
        switch self {
        case .ethernet: ParserTargets.ethernet(bytes)
        case .arp: ParserTargets.arp(bytes)
        case .ipv4: ParserTargets.ipv4(bytes)
        case .ipv4Options: ParserTargets.ipv4Options(bytes)
        case .ipv6: ParserTargets.ipv6(bytes)
        case .icmp: ParserTargets.icmp(bytes)
        case .udp: ParserTargets.udp(bytes)
        case .tcp: ParserTargets.tcp(bytes)
        case .tcpOptions: ParserTargets.tcpOptions(bytes)
        case .quote: ParserTargets.quote(bytes)
        case .addresses: ParserTargets.addresses(bytes)
        case .frames: FrameFuzzer.problem(withRecords: bytes)
        case .host: FrameFuzzer.problem(withChoices: bytes)
        case .calls: CallFuzzer.problem(with: bytes)
        }
    }
}
