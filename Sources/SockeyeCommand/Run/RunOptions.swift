import Equipment
import Setup
import Wire

/// The words of `sockeye run` up to the program's.
struct RunOptions {
    /// The file that packets are recorded in.
    private(set) var capture: String?
    /// Whether packets are printed as lines on standard error.
    private(set) var prints = false
    private(set) var impairments = ImpairmentOptions()
    /// Repeats the impairments' decisions; nil for chance.
    private(set) var seed: UInt64?
    /// The largest IP packet on the program's link, in bytes.
    private(set) var mtu = 1500
    private(set) var usesIPv6 = true
    /// Of the firewall, in the order of the command line.
    private(set) var rules: [FirewallRule] = []
    private(set) var published: [PortPublication] = []
    private(set) var isIsolated = false
    /// The network that other runs share.
    private(set) var network: String?
    /// What the program's host is called there.
    private(set) var hostName: String?
    private(set) var statistics: StatisticsOption?
    private(set) var showsProgress = false
    private(set) var wantsHelp = false
    /// The program and its arguments; empty where none was named.
    private(set) var program: [String] = []

    /// All there are, for who mistypes one.
    static let all =
        [
            "--capture", "--show", "--seed", "--mtu", "--ipv4", "--deny", "--allow", "--publish",
            "--isolate", "--network", "--host", "--stats", "--progress", "--help",
        ] + ImpairmentOptions.options

    init(_ arguments: consuming Arguments) throws(CommandError) {
        while let option = arguments.nextOption() {
            if try impairments.take(option, &arguments) { continue }
            if try takeWord(option, &arguments) { continue }
            guard try takeValue(option, &arguments) else {
                throw arguments.unknown(option, among: Self.all)
            }
        }
        program = arguments.rest
        guard !wantsHelp else { return }
        if let hostName, network == nil {
            throw .usage(
                "run: --host names this run on a network that it shares; say which, such as "
                    + "--network lab --host \(hostName)")
        }
    }

    /// Takes `option` if it is a word by itself; whether it is.
    private mutating func takeWord(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) -> Bool {
        switch option {
        case "--show": prints = true
        case "--ipv4": usesIPv6 = false
        case "--isolate": isIsolated = true
        case "--progress": showsProgress = true
        case "--help", "-h": wantsHelp = true
        default: return false
        }
        try arguments.checkNoValue(of: option)
        return true
    }

    /// Takes `option` and its value if it has one; whether it is one of these.
    private mutating func takeValue(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) -> Bool {
        switch option {
        case "--capture": try takeCapture(option, &arguments)
        case "--seed":
            seed = try arguments.value(of: option, "a number from 0 to 2⁶⁴ − 1") { UInt64($0) }
        case "--mtu":
            // IPv6 asks for 1280 (RFC 8200 §5).
            mtu = try arguments.number(of: option, "a number of bytes", in: 1280...65520)
        case "--deny", "--allow":
            try takeRule(option, &arguments)
        case "--publish", "-p": try takePublished(option, &arguments)
        case "--network": network = try takeName(option, &arguments, "a name, such as lab")
        case "--host": hostName = try takeName(option, &arguments, "a host's name, such as db")
        case "--stats":
            guard let form = arguments.attachedValue() else {
                statistics = StatisticsOption()
                return true
            }
            guard let wanted = StatisticsOption(form) else {
                throw .usage(
                    "run: --stats: '\(form)' is not \(StatisticsOption.forms), such as "
                        + "--stats=json:run.json")
            }
            statistics = wanted
        default: return false
        }
        return true
    }

    private mutating func takeRule(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) {
        let allows = option == "--allow"
        let example = allows ? "'out udp port 53'" : "'out tcp to 10.0.0.0/8'"
        let text = try arguments.value(of: option, "a rule, such as \(example)")
        do throws(FirewallRuleError) {
            rules.append(try FirewallRule(text, action: allows ? .allow : .deny))
        } catch {
            throw .usage("run: \(option) '\(text)': \(error)")
        }
    }

    private mutating func takeCapture(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) {
        let path = try arguments.value(
            of: option, "a file, such as run.pcapng, or - for lines on standard error")
        guard path != "-" else {
            prints = true
            return
        }
        guard !path.isEmpty else {
            throw .usage("run: --capture needs the name of a file, such as run.pcapng")
        }
        if let capture {
            throw .usage(
                "run: --capture: packets go to one file, \(capture) or \(path) "
                    + "('--capture -' may stand beside it)")
        }
        capture = path
    }

    private mutating func takePublished(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) {
        let port = try arguments.value(of: option, PortPublication.form) { PortPublication($0) }
        let isTwice = published.contains {
            $0.transport == port.transport && $0.outer == port.outer && $0.address == port.address
        }
        if isTwice {
            throw .usage("run: \(option): port \(port.outer) of the machine is published twice")
        }
        published.append(port)
    }

    /// A name as hosts have them: letters, digits and hyphens inside (RFC 1123 §2.1).
    private func takeName(
        _ option: String, _ arguments: inout Arguments, _ what: String
    ) throws(CommandError) -> String {
        try arguments.value(of: option, "\(what) (letters, digits and hyphens, 63 at most)") {
            let isName =
                (1...63).contains($0.utf8.count) && $0.first != "-" && $0.last != "-"
                && $0.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "0")...UInt8(ascii: "9"),
                        UInt8(ascii: "a")...UInt8(ascii: "z"),
                        UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"):
                        true
                    default: false
                    }
                }
            return isName ? $0 : nil
        }
    }
}
