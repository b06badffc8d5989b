import Memory

/// Which device is wanted, as a command line or a configuration says it.
public enum DeviceRequest: Equatable, Sendable {
    case tap(name: String)
    case tun(name: String)
    case packetSocket(interface: String)
    case unixStream(path: String, role: UNIXStreamLink.Role)
    case unixDatagram(local: String, remote: String)
    /// Swallows what is sent.
    case dummy(name: String)
    /// The program itself moves the packets.
    case flow(name: String)

    /// The options that name a device, and what their values are.
    public static let options: [(option: String, value: String)] = [
        ("--tap", "the name of a TAP device"),
        ("--tun", "the name of a TUN device"),
        ("--packet", "the name of an Ethernet interface"),
        ("--unix-stream", "PATH to connect to, or listen:PATH"),
        ("--unix-datagram", "LOCAL,REMOTE: the paths of both ends"),
        ("--dummy", "a name for a link on which nobody is"),
    ]

    /// The option for a device whose packets the program itself moves.
    public static let flowOption = (option: "--flow", value: "a name for a link of the program's")

    /// Reads an option and its value; nil when the option names no device or the value is not what
    /// it takes.
    public init?(option: String, value: String) {
        guard !value.isEmpty else { return nil }
        switch option {
        case "--tap": self = .tap(name: value)
        case "--tun": self = .tun(name: value)
        case "--packet": self = .packetSocket(interface: value)
        case "--unix-stream":
            let listens = value.hasPrefix("listen:")
            let path = listens ? String(value.dropFirst("listen:".count)) : value
            guard !path.isEmpty else { return nil }
            self = .unixStream(path: path, role: listens ? .server : .client)
        case "--unix-datagram":
            let paths = value.split(separator: ",", omittingEmptySubsequences: false)
            guard paths.count == 2, !paths[0].isEmpty, !paths[1].isEmpty else { return nil }
            self = .unixDatagram(local: String(paths[0]), remote: String(paths[1]))
        case "--dummy": self = .dummy(name: value)
        case "--flow": self = .flow(name: value)
        default: return nil
        }
    }

    /// What an interface on it may be called: the name of the device, or the last part of a path.
    public var name: String {
        switch self {
        case .tap(let name), .tun(let name), .dummy(let name), .flow(let name): name
        case .packetSocket(let interface): interface
        case .unixStream(let path, _), .unixDatagram(let path, _):
            path.split(separator: "/").last.map(String.init) ?? path
        }
    }
}

extension Device {
    /// Opens the device that is asked for.
    ///
    /// - Parameters:
    ///   - mtu: The most bytes of an IP packet on a UNIX socket, 68 to 65,535; other devices have
    ///     their interface's.
    ///   - offloads: Whether checksums and segmentation are left to devices that can.
    ///   - pools: Where packets that come in take their memory.
    /// - Throws: What the kind's initializer throws.
    public init(
        _ request: DeviceRequest, mtu: Int = 1500, offloads: Bool = true, pools: BufferPools
    ) throws(DeviceError) {
        switch request {
        case .tap(let name):
            self = .frames(try FrameDevice(tap: name, pools: pools, offloads: offloads))
        case .tun(let name):
            self = .frames(try FrameDevice(tun: name, pools: pools, offloads: offloads))
        case .packetSocket(let interface):
            self = .frames(
                try FrameDevice(packetSocket: interface, pools: pools, offloads: offloads))
        case .unixStream(let path, let role):
            self = .stream(try UNIXStreamLink(path, as: role, mtu: mtu, pools: pools))
        case .unixDatagram(let local, let remote):
            self = .frames(
                try FrameDevice(unixDatagram: local, to: remote, mtu: mtu, pools: pools))
        case .dummy: self = .dummy(try DummyDevice(mtu: mtu))
        case .flow: self = .flow(try PacketFlow(mtu: mtu, pools: pools, signalsOutput: true))
        }
    }
}
