import Devices
import Glibc
import Memory
import Sockets
import Stack
import Synchronization
import Testing
import Wire

/// The kinds of link that traffic is tried over.
enum LinkKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case memoryWire, packetFlow, unixStream, unixDatagram
    case tap, tun, packetSocket
    /// A UNIX stream socket to passt, which opens sockets of the kernel's in our stead.
    case passt

    var testDescription: String { rawValue }

    /// Whether the kernel is the peer.
    var needsKernel: Bool {
        switch self {
        case .tap, .tun, .packetSocket, .passt: true
        default: false
        }
    }

    /// The families that it carries here.
    var families: [Bool] {
        self == .passt ? [true] : [true, false]
    }

    /// These kinds, each with each of its families: whether it is IPv4.
    static func cases(_ kinds: [LinkKind]) -> [(LinkKind, Bool)] {
        kinds.flatMap { kind in kind.families.map { (kind, $0) } }
    }

    static let withoutKernel = allCases.filter { !$0.needsKernel }
    static let withKernel = allCases.filter { $0.needsKernel && $0 != .passt }
}

/// A host on a link of some kind: 10.77.0.2 and fd77::2.
///
/// Its peer at 10.77.0.1 and fd77::1 is the kernel, or another host.
final class LinkedPair {
    let host: HostDriver
    /// The peer, where that is not the kernel.
    let other: HostDriver?
    let kernel: KernelSide?
    /// Files and threads that go with the pair.
    private let files: [ScratchFile]
    private let carrier: FlowCarrier?

    init(_ kind: LinkKind, offloads: Bool = true) throws {
        let pools = BufferPools(BufferPools.Plan(byteLimit: 64 << 20))
        let files = [ScratchFile("one"), ScratchFile("two")]
        var kernel: KernelSide?
        var carrier: FlowCarrier?
        let mine: Device
        var theirs: Device?
        switch kind {
        case .memoryWire:
            let capabilities = DeviceCapabilities(
                mtu: 1500, offloadsChecksums: offloads, segments: offloads)
            let ends = try MemoryWire.pair(capabilities: capabilities, pools: pools)
            mine = .wire(ends.0)
            theirs = .wire(ends.1)
        case .packetFlow:
            let made = try FlowCarrier(pools)
            carrier = made
            mine = .flow(made.left)
            theirs = .flow(made.right)
        case .unixStream:
            mine = try Device(.unixStream(path: files[0].path, role: .server), pools: pools)
            theirs = try Device(.unixStream(path: files[0].path, role: .client), pools: pools)
        case .unixDatagram:
            let (one, two) = (files[0].path, files[1].path)
            mine = try Device(.unixDatagram(local: one, remote: two), pools: pools)
            theirs = try Device(.unixDatagram(local: two, remote: one), pools: pools)
        case .tap, .tun, .packetSocket:
            let side = try KernelSide(kind == .tap ? .tap : kind == .tun ? .tun : .pair)
            mine = .frames(try side.openDevice(offloads: offloads, pools: pools))
            kernel = side
        case .passt:
            let side = try KernelSide(.pair)
            try side.startPasst(files[0].path)
            mine = try Device(.unixStream(path: files[0].path, role: .client), pools: pools)
            kernel = side
        }
        host = try Self.host(mine, KernelSide.testHardware, 2, pools)
        if let theirs = theirs.take() {
            other = try Self.host(theirs, KernelSide.hardware, 1, pools)
        } else {
            other = nil
        }
        self.files = files
        self.kernel = kernel
        self.carrier = carrier
    }

    private static func host(
        _ device: consuming Device, _ hardware: MACAddress, _ number: UInt8, _ pools: BufferPools
    ) throws -> HostDriver {
        let addresses = [
            IPPrefix(address: .v4(10, 77, 0, number), length: 24),
            IPAddress("fd77::\(number)").flatMap { IPPrefix(address: $0, length: 64) },
        ]
        let link = DeviceLink(
            device, name: "link0", hardwareAddress: hardware,
            addresses: addresses.compactMap { $0 })
        let host = try HostDriver(
            HostConfiguration(seed: SystemRandom.seed()), links: [link], pools: pools)
        try host.start()
        return host
    }

    func end() {
        host.stop()
        other?.stop()
        carrier?.end()
    }

    /// An address of the peer.
    static func peer(_ isIPv4: Bool, port: UInt16) -> SocketAddress {
        let address = isIPv4 ? IPAddress.v4(10, 77, 0, 1) : IPAddress("fd77::1")
        return SocketAddress(address: address ?? .unspecifiedV4, port: port)
    }
}

extension KernelSide {
    /// Why tests with passt cannot run here; nil where they can.
    static let passtObstacle: String? = {
        if let obstacle { return obstacle }
        guard shell("command -v passt") != nil else { return "passt is not installed" }
        return nil
    }()

    /// passt in the namespace, for one guest at 10.77.0.2 that finds the namespace's own services
    /// at 10.77.0.1; it ends with the guest.
    func startPasst(_ path: String) throws {
        let options = "--one-off -4 --address 10.77.0.2 --netmask 24 --gateway 10.77.0.1"
        guard shell("ip -n \(name) route add default via 10.77.0.2 dev tap0") != nil,
            shell("ip netns exec \(name) passt \(options) --socket \(path)") != nil
        else { throw Failure(step: "passt") }
    }
}

/// An application that carries packets from one flow to another: what a VPN's code would do.
final class FlowCarrier: Sendable {
    let left: PacketFlow
    let right: PacketFlow
    private let isEnding = Atomic(false)
    private let outputs: Parker

    init(_ pools: BufferPools) throws {
        let outputs = Parker()
        left = try PacketFlow(pools: pools) { outputs.unpark() }
        right = try PacketFlow(pools: pools) { outputs.unpark() }
        self.outputs = outputs
        try SystemThread.start { [self] in run() }
    }

    private func run() {
        var buffer = [UInt8](repeating: 0, count: 1500)
        while !isEnding.load(ordering: .relaxed) {
            while Self.carry(left, right, &buffer) || Self.carry(right, left, &buffer) {}
            _ = outputs.park(until: MonotonicClock.now() + .milliseconds(100))
        }
    }

    /// Carries a packet; whether there was one.
    private static func carry(_ from: PacketFlow, _ to: PacketFlow, _ buffer: inout [UInt8]) -> Bool
    {
        var span = buffer.mutableSpan
        guard let count = from.nextOutput(into: &span) else { return false }
        _ = to.inject(buffer.span.extracting(first: count))
        return true
    }

    func end() {
        isEnding.store(true, ordering: .relaxed)
        outputs.unpark()
    }
}
