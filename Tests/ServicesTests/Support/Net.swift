import Devices
import Memory
import Services
import Sockets
import Stack
import Wire

/// Two hosts on a wire: 10.0.0.2 serves, 10.0.0.1 uses it.
struct Net {
    let client: HostDriver
    let server: HostDriver

    private init() throws {
        let pools = BufferPools(BufferPools.Plan(byteLimit: 64 << 20))
        let capabilities = DeviceCapabilities(
            isEthernet: true, mtu: 1500, offloadsChecksums: true, segments: true)
        let ends = try MemoryWire.pair(capabilities: capabilities, pools: pools)
        client = try Self.host(ends.0, 1)
        server = try Self.host(ends.1, 2)
    }

    private static func host(_ end: WireEnd, _ number: UInt8) throws -> HostDriver {
        let link = DeviceLink(
            .wire(end), name: "wire0", hardwareAddress: MACAddress(2, 0, 0, 0, 0, number),
            addresses: IPPrefix(address: .v4(10, 0, 0, number), length: 24).map { [$0] } ?? [])
        return try HostDriver(HostConfiguration(seed: SystemRandom.seed()), links: [link])
    }

    /// Runs `body` while the services of `list` run; both hosts end with it.
    static func serving(
        _ list: String, options: ServiceSet.Options = .init(),
        _ body: (Net) async throws -> Void
    ) async throws {
        let requests = try ServiceList.parse(list)
        try await serving(
            { host in
                let set = try ServiceSet(requests, on: Network(host), options: options)
                return { await set.run() }
            }, body)
    }

    /// Runs `body` while what `make` opened runs.
    static func serving(
        _ make: (HostDriver) throws -> @Sendable () async -> Void,
        _ body: (Net) async throws -> Void
    ) async throws {
        let net = try Net()
        let run = try make(net.server)
        try net.client.start()
        try net.server.start()
        defer {
            net.client.stop()
            net.server.stop()
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await run() }
            defer { group.cancelAll() }
            try await body(net)
        }
    }

    static func address(_ port: UInt16) -> SocketAddress {
        SocketAddress(address: .v4(10, 0, 0, 2), port: port)
    }

    // MARK: - The client's side

    func connect(_ port: UInt16) async throws -> Socket {
        let socket = Socket(.stream, on: client)
        try await socket.connect(to: Self.address(port))
        return socket
    }

    /// Sends `bytes` on a new connection, ends our side, and reads to the end of the other.
    func exchange(_ port: UInt16, _ bytes: [UInt8]) async throws -> [UInt8] {
        let socket = try await connect(port)
        async let received = socket.receiveAll()
        try await socket.send(bytes)
        try socket.shutdown(.sending)
        return try await received
    }

    func exchange(_ port: UInt16, _ text: String) async throws -> String {
        String(decoding: try await exchange(port, Array(text.utf8)), as: UTF8.self)
    }

    /// Sends a datagram and waits for the answer.
    func ask(_ port: UInt16, _ payload: [UInt8], from local: UInt16 = 0) async throws -> [UInt8] {
        let socket = Socket(.datagram, on: client)
        try socket.bind(to: SocketAddress(address: .unspecifiedV4, port: local))
        try socket.send(payload.span, to: Self.address(port))
        var buffer = [UInt8](repeating: 0, count: 65_535)
        let datagram = try await socket.receiveDatagram(into: &buffer)
        return Array(buffer[..<datagram.count])
    }
}

extension Socket {
    /// Reads to the end of the stream.
    func receiveAll() async throws -> [UInt8] {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = try await receive(into: &buffer)
            guard count > 0 else { return received }
            received += buffer[..<count]
        }
    }

    /// Reads until `count` bytes are there.
    func receive(exactly count: Int) async throws -> [UInt8] {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1)
        while received.count < count, try await receive(into: &buffer) > 0 { received += buffer }
        return received
    }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }
}
