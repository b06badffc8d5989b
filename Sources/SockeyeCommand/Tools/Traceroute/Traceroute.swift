import Setup
import Sockets
import Stack
import Wire

/// `sockeye traceroute`: the routers on the way to a destination, in the form of Linux's
/// traceroute.
struct Traceroute: Tool {
    /// What is sent to find them.
    enum Method {
        /// Datagrams to ports where nobody is likely to listen.
        case udp
        /// Echo requests.
        case icmp
        /// The beginnings of connections, which are never completed.
        case tcp
    }

    var method = Method.udp
    var target: Target?
    var firstHop = 1
    var hops = 30
    var queries = 3
    var patience = Interval.seconds(5)
    /// The first port of UDP, the only one of TCP.
    var port: UInt16?
    var isNumeric = false
    /// The address to speak from, or the interface to leave through.
    var origins: [String] = []
    private var family: AddressFamily?
    private var givenSize: Int?

    static let valuedLetters = "qmwfpis"

    init() {}

    mutating func take(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) -> Bool {
        switch option {
        case "-I", "--icmp": method = .icmp
        case "-T", "--tcp": method = .tcp
        case "-n": isNumeric = true
        case "-q": queries = try arguments.number(of: option, "a number of probes", in: 1...10)
        case "-m": hops = try arguments.number(of: option, "a number of hops", in: 1...255)
        case "-f": firstHop = try arguments.number(of: option, "a number of hops", in: 1...255)
        case "-w": patience = try arguments.seconds(of: option, from: .milliseconds(1))
        case "-p":
            port = UInt16(try arguments.number(of: option, "a port", in: 1...65_535))
        case "-i": origins.append(try arguments.value(of: option, "an interface"))
        case "-s": origins.append(try arguments.value(of: option, "an address"))
        case "-4": family = .inet
        case "-6": family = .inet6
        default: return false
        }
        return true
    }

    mutating func take(operand: String, _ arguments: Arguments) throws(CommandError) {
        guard target != nil else {
            guard let target = Target(operand) else {
                throw .usage("\(arguments.command): '\(operand)' is not an address")
            }
            self.target = target
            return
        }
        guard givenSize == nil, let size = Int(operand) else {
            throw arguments.unexpected(operand)
        }
        givenSize = size
    }

    func check(_ command: String) throws(CommandError) {
        guard let target else { throw .usage("\(command): which ADDRESS?") }
        if let family, family != target.family {
            throw .usage(
                "\(command): \(target.text) is not of IPv\(family == .inet ? "4" : "6")")
        }
        guard firstHop <= hops else {
            throw .usage("\(command): the first hop, \(firstHop), is beyond the last, \(hops)")
        }
        if let givenSize, !(headerCount(target)...65_000).contains(givenSize) {
            throw .usage(
                "\(command): a packet has \(headerCount(target)) to 65000 bytes, "
                    + "not \(givenSize)")
        }
    }

    /// Bytes of the headers of a probe.
    private func headerCount(_ target: Target) -> Int {
        let network = target.address.isIPv4 ? IPv4Header.byteCount : IPv6Header.byteCount
        return network + (method == .tcp ? TCPHeader.byteCount : UDPHeader.byteCount)
    }

    /// Bytes of a whole probe.
    func size(_ target: Target) -> Int {
        if method == .tcp { return headerCount(target) }
        return givenSize ?? (target.address.isIPv4 ? 60 : 80)
    }

    /// Bytes behind the headers of a probe.
    func payloadCount(_ target: Target) -> Int { size(target) - headerCount(target) }

    func run(on host: HostDriver, _ terminal: any ToolTerminal) throws(CommandError) -> Int32 {
        guard let target else { return 2 }
        var run = try TracerouteRun(self, target, on: host, terminal)
        return try run.run()
    }
}
