import Devices
import Setup
import Wire

/// The words of `sockeye gateway`: its own, and those of slirp4netns and pasta that mean the same.
struct GatewayOptions {
    /// What the gateway stands at the end of.
    enum Link: Equatable {
        /// The network namespace of a process, or at a path.
        case process(Int32)
        case path(String)
        /// A UNIX stream socket on which it listens, as QEMU's `-netdev stream` connects to.
        case socket(String)
    }

    private var link: Link?
    /// The user namespace to be entered first; nil for the one that owns the other.
    private(set) var userNamespace: String?
    private(set) var interface = "tap0"
    /// Whether the interface is given addresses and routes.
    private(set) var isConfigured = true
    /// The largest IP packet; nil for 65,520 with a namespace, 1,500 with a socket.
    private var mtuOption: Int?
    private(set) var network = Self.defaultNetwork
    private(set) var usesIPv6 = true
    private(set) var reachesLoopback = true
    private(set) var answersNames = true
    private(set) var published: [PortPublication] = []
    private(set) var capture: String?
    private(set) var prints = false
    /// Where "1" is written once everything is there.
    private(set) var readyDescriptor: Int32?
    /// When this is closed the gateway ends.
    private(set) var exitDescriptor: Int32?
    /// Whether it ends when its peer on a socket goes.
    private(set) var isOneOff = false
    private(set) var isQuiet = false
    private(set) var wantsHelp = false

    static let all = [
        "--netns", "--socket", "--interface", "--userns-path", "--configure", "--no-configure",
        "--config-net", "--mtu", "--cidr", "--ipv4", "--ipv4-only", "--enable-ipv6",
        "--disable-host-loopback", "--no-map-gw", "--disable-dns", "--tcp-ports", "--udp-ports",
        "--publish", "--capture", "--ready-fd", "--exit-fd", "--one-off", "--foreground", "--quiet",
        "--help",
    ]

    private static var defaultNetwork: IPPrefix {
        IPPrefix(address: .v4(10, 0, 2, 0), length: 24) ?? IPPrefix(host: .v4(10, 0, 2, 0))
    }

    /// Short options that take a value.
    static let valuedLetters = "simpture"

    init(_ arguments: consuming Arguments) throws(CommandError) {
        var operands: [String] = []
        while let word = arguments.next() {
            switch word {
            case .operand(let operand): operands.append(operand)
            case .option(let option):
                if try takeWord(option, &arguments) { continue }
                guard try takeValue(option, &arguments) else {
                    throw arguments.unknown(option, among: Self.all)
                }
            }
        }
        try takeOperands(operands, arguments)
    }

    /// `PID|PATH [INTERFACE]`, as slirp4netns has them.
    private mutating func takeOperands(
        _ operands: [String], _ arguments: borrowing Arguments
    ) throws(CommandError) {
        if let first = operands.first {
            try setLink(Self.namespace(first))
        }
        if operands.count > 1 { interface = try Self.checked(operands[1]) }
        if operands.count > 2 { throw arguments.unexpected(operands[2]) }
    }

    private mutating func takeWord(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) -> Bool {
        switch option {
        case "--configure", "-c", "--config-net": isConfigured = true
        case "--no-configure": isConfigured = false
        case "--ipv4", "--ipv4-only", "-4": usesIPv6 = false
        case "--enable-ipv6", "-6": usesIPv6 = true
        case "--disable-host-loopback", "--no-map-gw": reachesLoopback = false
        case "--disable-dns": answersNames = false
        case "--one-off", "-1": isOneOff = true
        // It never goes to the background.
        case "--foreground", "-f": break
        case "--quiet", "-q": isQuiet = true
        case "--help", "-h": wantsHelp = true
        default: return false
        }
        try arguments.checkNoValue(of: option)
        return true
    }

    private mutating func takeValue(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) -> Bool {
        switch option {
        case "--netns":
            let text = try arguments.value(
                of: option, "a process or a file, such as 1234 or /run/netns/lab")
            try setLink(Self.namespace(text))
        case "--socket", "-s":
            let path = try arguments.value(of: option, "a path, such as /tmp/vm.sock")
            try setLink(.socket(path))
        case "--userns-path": userNamespace = try arguments.value(of: option, "a file")
        case "--interface", "-i":
            interface = try Self.checked(arguments.value(of: option, "a name, such as tap0"))
        case "--mtu", "-m":
            mtuOption = try arguments.number(of: option, "a number of bytes", in: 1280...65520)
        case "--cidr":
            network = try arguments.value(of: option, "a network, such as 10.0.2.0/24") { text in
                IPPrefix(text).flatMap(Self.roomy)
            }
        case "--publish", "-p":
            published.append(
                try arguments.value(of: option, PortPublication.form) { PortPublication($0) })
        case "--tcp-ports", "-t":
            published += try arguments.value(of: option, PortForwards.form) {
                PortForwards.parse($0, .tcp)
            }
        case "--udp-ports", "-u":
            published += try arguments.value(of: option, PortForwards.form) {
                PortForwards.parse($0, .udp)
            }
        case "--capture":
            let path = try arguments.value(
                of: option, "a file, such as gateway.pcap, or - for lines on standard error")
            if path == "-" { prints = true } else { capture = path }
        case "--ready-fd", "-r": readyDescriptor = try descriptor(option, &arguments)
        case "--exit-fd", "-e": exitDescriptor = try descriptor(option, &arguments)
        default: return false
        }
        return true
    }

    private func descriptor(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) -> Int32 {
        Int32(try arguments.number(of: option, "an open descriptor", in: 0...1_000_000))
    }

    private mutating func setLink(_ new: Link) throws(CommandError) {
        guard link == nil else {
            throw .usage(
                "gateway: one gateway stands at one end: --netns PID|PATH or --socket PATH, once")
        }
        link = new
    }

    private static func namespace(_ text: String) -> Link {
        if let process = Int32(text), process > 0 { return .process(process) }
        return .path(text)
    }

    /// A network of IPv4 that has room for host 100, as slirp4netns asks for.
    private static func roomy(_ prefix: IPPrefix) -> IPPrefix? {
        guard prefix.address.isIPv4, (8...25).contains(prefix.length) else { return nil }
        return prefix.masked
    }

    /// A name that Linux takes for an interface.
    private static func checked(_ name: String) throws(CommandError) -> String {
        let isName =
            (1...15).contains(name.utf8.count) && name != "." && name != ".."
            && name.utf8.allSatisfy {
                (0x21...0x7E).contains($0) && $0 != 0x2F && $0 != 0x3A && $0 != 0x25
            }
        guard isName else {
            throw .usage(
                "gateway: --interface: '\(name)' is not a name of 1 to 15 letters, such as tap0")
        }
        return name
    }

    // MARK: - What follows

    /// What the gateway stands at the end of.
    func chosenLink() throws(CommandError) -> Link {
        guard let link else {
            throw .usage(
                "gateway: whose gateway? --netns PID|PATH for a namespace, such as --netns 1234, or "
                    + "--socket PATH for a virtual machine")
        }
        return link
    }

    /// The largest IP packet on the link, in bytes.
    var mtu: Int {
        if let mtuOption { return mtuOption }
        if case .socket = link { return 1500 }
        return 65_520
    }

    /// The addresses with this number on the link: in its network of IPv4, and in fd00:2::/64.
    func addresses(_ number: UInt64) -> [IPPrefix] {
        let v4 = IPAddress(high: network.address.high, low: network.address.low + number)
        let v6 = IPAddress("fd00:2::\(number)")
        return [
            IPPrefix(address: v4, length: Int(network.length)),
            usesIPv6 ? v6.flatMap { IPPrefix(address: $0, length: 64) } : nil,
        ].compactMap { $0 }
    }
}
