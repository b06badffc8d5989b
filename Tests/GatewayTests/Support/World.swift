import Devices
import Gateway
import Memory
import Names
import Sockets
import Stack
import Synchronization
import Wire

/// A host inside, at 10.0.2.15 and fd00:2::15, and its gateway, each with a thread; the machine's
/// loopback is the world.
final class World: Sendable {
    let program: HostDriver
    private let loop: GatewayLoop

    /// The program's network, and the machine's.
    var inside: Network { Network(program) }
    static let machine = Network.kernel

    init(
        mtu: Int = 1500, configure: (inout GatewayConfiguration) -> Void = { _ in }
    ) throws {
        let pools = BufferPools(BufferPools.Plan(byteLimit: 64 << 20))
        let capabilities = DeviceCapabilities(
            isEthernet: true, mtu: mtu, offloadsChecksums: true, segments: true)
        let ends = try MemoryWire.pair(capabilities: capabilities, pools: pools)
        var configuration = GatewayConfiguration()
        configuration.pools = pools
        configuration.resolver = .empty
        configure(&configuration)
        let link = DeviceLink(
            .wire(ends.0), name: "eth0", hardwareAddress: MACAddress(2, 0, 0, 0, 0, 0x15),
            addresses: [IPPrefix("10.0.2.15/24"), IPPrefix("fd00:2::15/64")].compactMap { $0 },
            settings: { $0.routesLoopback = true })
        let routes = [
            Route(to: .allIPv4, through: .v4(10, 0, 2, 2), on: InterfaceID(rawValue: 1)),
            Route(
                to: .allIPv6, through: Self.address("fd00:2::2"), on: InterfaceID(rawValue: 1)),
        ]
        program = try HostDriver(
            HostConfiguration(seed: SystemRandom.seed()), links: [link], routes: routes,
            pools: pools)
        loop = try GatewayLoop(Gateway(.wire(ends.1), configuration))
        try program.start()
        try loop.start()
    }

    deinit {
        program.stop()
        loop.stop()
    }

    static func address(_ text: String) -> IPAddress { IPAddress(text) ?? .unspecifiedV4 }

    static func name(_ address: String, _ port: UInt16) -> SocketAddress {
        SocketAddress(address: Self.address(address), port: port)
    }

    /// Works on the gateway, on the thread that drives it.
    func onGateway<Result: Sendable>(
        _ body: @escaping @Sendable (Gateway) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            loop.perform { gateway in
                continuation.resume(with: Swift.Result { try body(gateway) })
            }
        }
    }

    // MARK: - Sockets

    /// A socket inside; for loopback addresses beyond the gateway one of its link.
    func socket(
        _ kind: EndpointKind = .stream, _ family: AddressFamily = .inet, onLink: Bool = false
    ) throws -> Socket {
        let socket = try Socket(kind, family: family, on: inside)
        if onLink { try socket.setOption(.boundDevice, "eth0") }
        return socket
    }

    /// A listener of the machine's on its loopback.
    static func listener(_ address: String = "127.0.0.1", backlog: Int = 16) throws -> Socket {
        let family = AddressFamily(of: Self.address(address))
        let socket = try Socket(.stream, family: family, on: machine)
        try socket.bind(to: name(address, 0))
        try socket.listen(backlog: backlog)
        return socket
    }

    /// A port of the machine's loopback where nobody listens.
    static func freePort() throws -> UInt16 {
        let socket = try listener()
        defer { socket.close() }
        return try socket.localAddress.port
    }

    /// Both ends of a connection through the gateway, that inside first.
    func connection(
        to destination: String = "10.0.2.2", at machine: String = "127.0.0.1",
        onLink: Bool = false
    ) async throws -> (Socket, Socket) {
        let listener = try Self.listener(machine)
        defer { listener.close() }
        let socket = try socket(
            .stream, AddressFamily(of: Self.address(destination)), onLink: onLink)
        async let accepted = listener.accept()
        try await socket.connect(
            to: Self.name(destination, try listener.localAddress.port))
        return (socket, try await accepted)
    }
}

/// The event loop of a gateway.
final class GatewayLoop: @unchecked Sendable {
    private let gateway: Gateway
    private let jobs = Mutex<[@Sendable (Gateway) -> Void]>([])
    private let wakeUp: WakeUp
    private let isStopping = Atomic(false)

    init(_ gateway: Gateway) throws {
        self.gateway = gateway
        wakeUp = try WakeUp()
    }

    func perform(_ job: @escaping @Sendable (Gateway) -> Void) {
        jobs.withLock { $0.append(job) }
        wakeUp.signal()
    }

    func stop() {
        isStopping.store(true, ordering: .relaxed)
        wakeUp.signal()
    }

    func start() throws { try SystemThread.start { self.run() } }

    private func run() {
        while !isStopping.load(ordering: .relaxed) {
            for job in jobs.withLock({ jobs in
                defer { jobs = [] }
                return jobs
            }) {
                job(gateway)
            }
            while gateway.turn() {}
            var entries = (gateway.descriptors + [wakeUp.descriptor]).map {
                DescriptorPoll.Entry($0, 1)
            }
            try? DescriptorPoll.wait(&entries, until: gateway.nextDeadline)
            gateway.acknowledgeWakeUp()
            wakeUp.drain()
        }
        gateway.stop()
    }
}

extension Socket {
    /// Takes bytes until there are `count`, or the stream ends.
    func receive(upTo count: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var buffer = [UInt8](repeating: 0, count: min(65_536, count - bytes.count))
            let came = try await receive(into: &buffer)
            if came == 0 { break }
            bytes += buffer[..<came]
        }
        return bytes
    }

    /// Sends a datagram; nil for the connected peer.
    func give(_ bytes: [UInt8], to address: SocketAddress? = nil) throws {
        _ = try sendMessage(bytes.span, to: address.map { .internet($0) })
    }

    /// What a call fails with: its error number, nil for success.
    static func code(_ body: () async throws -> Void) async -> CInt? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? SocketError)?.code ?? -1
        }
    }
}
