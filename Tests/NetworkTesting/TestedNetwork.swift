import Devices
import Equipment
import Memory
import Sockets
import Stack
import Wire

/// The networks on which the same programs run.
public enum TestedNetwork: String, CaseIterable, Sendable {
    case stack
    case simulation
    case kernel

    /// Runs a program on this network.
    public func run(_ program: @escaping @Sendable (Place) async throws -> Void) async throws {
        switch self {
        case .stack: try await Self.runOnStack(program)
        case .simulation: try await Self.runInSimulation(program)
        case .kernel:
            try await program(
                Place(client: .kernel, server: .kernel, serverAddress: .v4(127, 0, 0, 1)))
        }
    }

    /// On two hosts of this process, with a wire between them and a thread each.
    private static func runOnStack(
        _ program: @Sendable (Place) async throws -> Void
    ) async throws {
        let pools = BufferPools(BufferPools.Plan(byteLimit: 64 << 20))
        let capabilities = DeviceCapabilities(
            isEthernet: true, mtu: 1500, offloadsChecksums: true, segments: true)
        let ends = try MemoryWire.pair(capabilities: capabilities, pools: pools)
        let hosts = [try host(ends.0, 1), try host(ends.1, 2)]
        defer { for host in hosts { host.stop() } }
        for host in hosts { try host.start() }
        try await program(
            Place(
                client: Network(hosts[0]), server: Network(hosts[1]),
                serverAddress: .v4(10, 0, 0, 2)))
    }

    private static func host(_ end: WireEnd, _ number: UInt8) throws -> HostDriver {
        let link = DeviceLink(
            .wire(end), name: "wire0", hardwareAddress: MACAddress(2, 0, 0, 0, 0, number),
            addresses: IPPrefix(address: .v4(10, 0, 0, number), length: 24).map { [$0] } ?? [])
        return try HostDriver(HostConfiguration(seed: SystemRandom.seed()), links: [link])
    }

    /// On two hosts in virtual time, the client's cable a bad one.
    private static func runInSimulation(
        _ program: @escaping @Sendable (Place) async throws -> Void
    ) async throws {
        var link = Impairments()
        link.loss = .percent(1)
        link.delay = .milliseconds(5)
        let simulation = Simulation(seed: 1, memoryLimit: 64 << 20)
        let place = Place(
            client: try simulation.addHost("client", link: link),
            server: try simulation.addHost("server"),
            serverAddress: simulation.addresses(of: "server")[0])
        try await simulation.run { try await program(place) }
    }
}

/// Where a program runs: on two hosts, or for the kernel on this machine, reached by loopback.
public struct Place: Sendable {
    public let client: Network
    public let server: Network
    public let serverAddress: IPAddress

    /// Where a free port of the server is asked for.
    public var anyPort: SocketAddress { SocketAddress(address: serverAddress, port: 0) }

    /// A listener on a free port of the server.
    public func listener(backlog: Int = 16) throws -> Socket {
        let socket = try Socket(.stream, on: server)
        try socket.bind(to: anyPort)
        try socket.listen(backlog: backlog)
        return socket
    }

    /// Two ends of a connection, the client's first.
    public func connection() async throws -> (Socket, Socket) {
        let listener = try listener()
        let socket = try Socket(.stream, on: client)
        async let accepted = listener.accept()
        try await socket.connect(to: try listener.localAddress)
        return (socket, try await accepted)
    }
}
