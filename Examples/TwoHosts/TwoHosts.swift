import Devices
import Equipment
import Memory
import Sockets
import Stack
import Wire

/// Two hosts of one process on a wire that loses and delays packets: one greets whoever connects.
@main struct TwoHosts {
    static func main() async throws {
        var network = Impairments()
        network.loss = .percent(2)
        network.delay = .milliseconds(20)
        let wire = try MemoryWire.pair(
            capabilities: DeviceCapabilities(isEthernet: false), forth: network, back: network,
            seed: SystemRandom.seed(), pools: BufferPools(BufferPools.Plan(byteLimit: 1 << 20)))
        let server = try host("10.0.0.1/24", at: wire.0)
        let client = try host("10.0.0.2/24", at: wire.1)
        let address = SocketAddress(address: .v4(10, 0, 0, 1), port: 7777)

        let listener = Socket(.stream, on: server)
        try listener.bind(to: address)
        try listener.listen()
        async let greeting: Void = listener.accept().send(Array("Hello from Sockeye\n".utf8))

        let socket = Socket(.stream, on: client)
        try await socket.connect(to: address)
        var buffer = [UInt8](repeating: 0, count: 100)
        let count = try await socket.receive(into: &buffer)
        print(String(decoding: buffer[..<count], as: UTF8.self), terminator: "")
        try await greeting
    }

    /// A host at one end of a wire.
    static func host(_ address: String, at end: WireEnd) throws -> HostDriver {
        let link = DeviceLink(
            .wire(end), name: "wire0", hardwareAddress: nil,
            addresses: [IPPrefix(address)].compactMap { $0 })
        let host = try HostDriver(HostConfiguration(seed: SystemRandom.seed()), links: [link])
        try host.start()
        return host
    }
}
