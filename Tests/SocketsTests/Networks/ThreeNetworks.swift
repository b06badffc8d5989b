import Equipment
import Sockets
import Stack
import Testing
import Wire

/// The networks on which the same programs run.
enum TestedNetwork: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case stack
    case simulation
    case kernel

    var testDescription: String { rawValue }
}

/// Where a program runs: on two hosts, or for the kernel on this machine, reached by loopback.
struct Place: Sendable {
    let client: Network
    let server: Network
    let serverAddress: IPAddress

    /// Where a free port of the server is asked for.
    var anyPort: SocketAddress { SocketAddress(address: serverAddress, port: 0) }

    /// A listener on a free port of the server.
    func listener(backlog: Int = 16) throws -> Socket {
        let socket = try Socket(.stream, on: server)
        try socket.bind(to: anyPort)
        try socket.listen(backlog: backlog)
        return socket
    }

    /// Two ends of a connection, the client's first.
    func connection() async throws -> (Socket, Socket) {
        let listener = try listener()
        let socket = try Socket(.stream, on: client)
        async let accepted = listener.accept()
        try await socket.connect(to: try listener.localAddress)
        return (socket, try await accepted)
    }
}

extension TestedNetwork {
    /// Runs a program on this network.
    func run(_ program: @escaping @Sendable (Place) async throws -> Void) async throws {
        switch self {
        case .stack:
            let wired = try Wired()
            defer { wired.end() }
            try await program(
                Place(
                    client: Network(wired.left), server: Network(wired.right),
                    serverAddress: .v4(10, 0, 0, 2)))
        case .simulation:
            var link = Impairments()
            link.loss = .percent(1)
            link.delay = .milliseconds(5)
            let simulation = Simulation(seed: 1, memoryLimit: 64 << 20)
            let place = Place(
                client: try simulation.addHost("client", link: link),
                server: try simulation.addHost("server"),
                serverAddress: simulation.addresses(of: "server")[0])
            try await simulation.run { try await program(place) }
        case .kernel:
            try await program(
                Place(client: .kernel, server: .kernel, serverAddress: .v4(127, 0, 0, 1)))
        }
    }
}
