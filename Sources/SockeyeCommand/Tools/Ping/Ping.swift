import Setup
import Sockets
import Stack
import Wire

/// `sockeye ping`: echoes by ICMP and ICMPv6 on a host's stack, in the form of iputils' ping.
struct Ping: Tool {
    var target: Target?
    /// Requests to send; nil for as many as there is time for.
    var count: Int?
    var interval = Interval.seconds(1)
    /// Bytes of payload.
    var size = 56
    var timeToLive: UInt8?
    /// How long the last answer is waited for where none has come at all.
    var patience = Interval.seconds(10)
    /// When to end in any case, from the start.
    var deadline: Interval?
    var isQuiet = false
    var mtuDiscovery = EndpointOptions.MTUDiscovery.wanted
    /// The address to speak from, or the interface to leave through.
    var origin: String?
    private var family: AddressFamily?

    static let valuedLetters = "cistWwMI"

    init() {}

    mutating func take(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) -> Bool {
        switch option {
        case "-c": count = try arguments.number(of: option, "a number", in: 1...1_000_000_000)
        case "-i": interval = try arguments.seconds(of: option, from: .milliseconds(2))
        case "-s": size = try arguments.number(of: option, "a number of bytes", in: 0...65_507)
        case "-t":
            timeToLive = UInt8(try arguments.number(of: option, "a number of hops", in: 1...255))
        case "-W": patience = try arguments.seconds(of: option, from: .milliseconds(1))
        case "-w": deadline = try arguments.seconds(of: option, from: .milliseconds(1))
        case "-q": isQuiet = true
        // Addresses are numbers always.
        case "-n": break
        case "-4": family = .inet
        case "-6": family = .inet6
        case "-I": origin = try arguments.value(of: option, "an address or an interface")
        case "-M":
            mtuDiscovery = try arguments.value(of: option, "one of do, want, dont, probe") {
                ["do": .required, "want": .wanted, "dont": .fragment, "probe": .probe][$0]
            }
        default: return false
        }
        return true
    }

    mutating func take(operand: String, _ arguments: Arguments) throws(CommandError) {
        guard target == nil else { throw arguments.unexpected(operand) }
        guard let target = Target(operand) else {
            throw .usage("\(arguments.command): '\(operand)' is not an address")
        }
        self.target = target
    }

    func check(_ command: String) throws(CommandError) {
        guard let target else { throw .usage("\(command): which ADDRESS?") }
        if let family, family != target.family {
            throw .usage(
                "\(command): \(target.text) is not of IPv\(family == .inet ? "4" : "6")")
        }
    }

    func run(on host: HostDriver, _ terminal: any ToolTerminal) throws(CommandError) -> Int32 {
        guard let target else { return 2 }
        var run = try PingRun(self, target, on: host, terminal)
        return try run.run()
    }
}
