import Devices
import Glibc
import Memory
import Stack
import Testing
import Wire

/// A network namespace with a TAP interface in it, whose far end a test holds; both go with it.
///
/// The kernel is 10.77.0.1 and fd77::1, the test 10.77.0.2 and fd77::2.
final class KernelSide {
    struct Failure: Error { let step: String }

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

    init(mtu: Int = 1500) throws {
        name = "sockeye-\(getpid())-\(SystemRandom.seed().0 % 1_000_000_007)"
        let settings = """
            link set lo up
            tuntap add dev tap0 mode tap
            link set tap0 mtu \(mtu) address \(Self.hardware)
            addr add 10.77.0.1/24 dev tap0
            addr add fd77::1/64 dev tap0 nodad
            link set tap0 up
            neigh add 10.77.0.2 lladdr \(Self.testHardware) dev tap0
            neigh add fd77::2 lladdr \(Self.testHardware) dev tap0
            """
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
    func withDevice<Result>(
        offloads: Bool, pools: BufferPools, _ body: (borrowing FrameDevice) throws -> Result
    ) throws -> Result {
        let device = try inside {
            try FrameDevice(tap: "tap0", pools: pools, offloads: offloads)
        }
        // Until then it drops what is sent.
        let deadline = MonotonicClock.now() + .seconds(5)
        while shell("ip -n \(name) link show tap0 | grep -q 'state UP'") == nil {
            guard MonotonicClock.now() < deadline else { throw Failure(step: "carrier") }
            usleep(5_000)
        }
        return try body(device)
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
