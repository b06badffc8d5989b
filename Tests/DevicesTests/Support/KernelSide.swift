import Devices
import Glibc
import Memory
import Stack
import Testing
import Wire

/// A network namespace with an interface in it, whose far end a test holds; both go with it.
///
/// The kernel is 10.77.0.1 and fd77::1, the test 10.77.0.2 and fd77::2.
final class KernelSide {
    struct Failure: Error { let step: String }

    /// What lies between the kernel and the test.
    enum Attachment: Equatable, Sendable {
        /// `tap0`, of which the test is the far end.
        case tap
        /// `tun0`, of which the test is the far end.
        case tun
        /// A pair of virtual Ethernet interfaces: `tap0` has the kernel's addresses, `far0` has
        /// none, and the test a packet socket on it.
        case pair

        /// The kernel's interface.
        var name: String { self == .tun ? "tun0" : "tap0" }

        /// What makes it, as a batch for `ip`.
        var settings: String {
            switch self {
            case .tap: "tuntap add dev tap0 mode tap"
            case .tun: "tuntap add dev tun0 mode tun"
            case .pair: "link add tap0 type veth peer name far0"
            }
        }
    }

    static let hardware = MACAddress(2, 0, 0, 0x77, 0, 1)
    static let testHardware = MACAddress(2, 0, 0, 0x77, 0, 2)

    /// Why tests with a kernel cannot run here; nil where they can.
    static let obstacle: String? = {
        guard geteuid() == 0 else { return "network namespaces need root" }
        guard unsafe access("/dev/net/tun", R_OK | W_OK) == 0 else { return "no /dev/net/tun" }
        guard shell("ip -V") != nil else { return "no ip command" }
        let name = "sockeye-try-\(getpid())"
        defer { shell("ip netns del \(name)") }
        return shell("ip netns add \(name)") == nil ? "namespaces are forbidden" : nil
    }()

    static let isAvailable = {
        if let obstacle { print("Skipping tests against the kernel: \(obstacle)") }
        return obstacle == nil
    }()

    /// Why a test is skipped, for the run's report.
    static var reason: Comment { "\(obstacle ?? "the kernel can be tested against")" }

    let name: String
    private let attachment: Attachment

    init(mtu: Int = 1500, _ attachment: Attachment = .tap) throws {
        self.attachment = attachment
        name = "sockeye-\(getpid())-\(SystemRandom.seed().0 % 1_000_000_007)"
        let interface = attachment.name
        var settings = """
            link set lo up
            \(attachment.settings)
            link set \(interface) mtu \(mtu)
            addr add 10.77.0.1/24 dev \(interface)
            addr add fd77::1/64 dev \(interface) nodad

            """
        // No address of its own, not even one that it makes up.
        if attachment == .pair { settings += "link set far0 mtu \(mtu) addrgenmode none up\n" }
        if attachment != .tun {
            settings += """
                link set \(interface) address \(Self.hardware)
                link set \(interface) up
                neigh add 10.77.0.2 lladdr \(Self.testHardware) dev \(interface)
                neigh add fd77::2 lladdr \(Self.testHardware) dev \(interface)

                """
        }
        settings += "link set \(interface) up\n"
        guard shell("ip netns add \(name)") != nil else { throw Failure(step: "ip netns add") }
        guard shell("printf '%s' '\(settings)' | ip -n \(name) -batch -") != nil else {
            throw Failure(step: "ip -batch")
        }
    }

    deinit { shell("ip netns del \(name)") }

    /// Runs `body` with this thread in the namespace: what it opens belongs there.
    func inside<Result: ~Copyable>(_ body: () throws -> Result) throws -> Result {
        let outside = unsafe open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        let inside = unsafe open("/run/netns/\(name)", O_RDONLY | O_CLOEXEC)
        defer {
            close(inside)
            close(outside)
        }
        guard Self.enter(inside) else { throw Failure(step: "setns") }
        defer { precondition(Self.enter(outside), "no way back") }
        return try body()
    }

    /// setns(2), which Glibc's module leaves out.
    private static func enter(_ namespace: Int32) -> Bool {
        typealias Call = @convention(c) (Int32, Int32) -> Int32
        guard let symbol = unsafe dlsym(nil, "setns") else { return false }
        let networkOnly: Int32 = 0x4000_0000
        return unsafe unsafeBitCast(symbol, to: Call.self)(namespace, networkOnly) == 0
    }

    /// A device at the far end of the interface, which the kernel has taken notice of.
    func openDevice(offloads: Bool, pools: BufferPools) throws -> FrameDevice {
        let device = try inside {
            switch attachment {
            case .tap: try FrameDevice(tap: "tap0", pools: pools, offloads: offloads)
            case .tun: try FrameDevice(tun: "tun0", pools: pools, offloads: offloads)
            case .pair: try FrameDevice(packetSocket: "far0", pools: pools, offloads: offloads)
            }
        }
        // Until then it drops what is sent. A TUN has no carrier to speak of: it is up or not.
        let deadline = MonotonicClock.now() + .seconds(5)
        while shell("ip -n \(name) link show \(attachment.name) | grep -q LOWER_UP") == nil {
            guard MonotonicClock.now() < deadline else { throw Failure(step: "carrier") }
            usleep(5_000)
        }
        return device
    }

    /// Calls `body` with such a device.
    func withDevice<Result>(
        offloads: Bool, pools: BufferPools, _ body: (borrowing FrameDevice) throws -> Result
    ) throws -> Result {
        try body(openDevice(offloads: offloads, pools: pools))
    }

    /// A socket of the kernel in the namespace, non-blocking.
    func socket(_ isIPv4: Bool, _ type: __socket_type) throws -> KernelSocket {
        try inside { try KernelSocket(isIPv4, type) }
    }

    /// The way from the test to a port of the kernel.
    static func path(isIPv4: Bool, from port: UInt16, to kernelPort: UInt16) -> Path {
        let ours = IPAddress(isIPv4 ? "10.77.0.2" : "fd77::2") ?? .unspecifiedV4
        let kernels = IPAddress(isIPv4 ? "10.77.0.1" : "fd77::1") ?? .unspecifiedV4
        return Path(
            sourceHardware: testHardware, destinationHardware: hardware,
            source: SocketAddress(address: ours, port: port),
            destination: SocketAddress(address: kernels, port: kernelPort))
    }
}

extension FrameDevice {
    /// The next frame that `isWanted`, within two seconds; others are passed over.
    borrowing func await(_ isWanted: ([UInt8]) -> Bool) throws -> Packet? {
        let deadline = MonotonicClock.now() + .seconds(2)
        while MonotonicClock.now() < deadline {
            while let packet = try receive() {
                if isWanted(bytes(of: packet)) { return packet }
            }
            _ = isReadable(descriptor, within: 50)
        }
        return nil
    }
}
