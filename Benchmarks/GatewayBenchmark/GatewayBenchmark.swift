import Devices
import Gateway
import Glibc
import Memory
import Sockets
import Stack
import Wire

/// How fast bytes pass from a host inside through the gateway to a socket of the machine's, and back:
/// both hosts on one thread, as under `sockeye run`, and a thread of the kernel's other end.
///
///     GatewayBenchmark [SECONDS] [MTU]
@main
struct GatewayBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        let seconds = arguments.count > 1 ? Int(arguments[1]) ?? 3 : 3
        let mtu = arguments.count > 2 ? Int(arguments[2]) ?? 1500 : 1500
        for direction in [Direction.out, .back] {
            let rate = try run(direction, .seconds(seconds), mtu)
            print("\(direction == .out ? "out " : "back") MTU \(mtu): \(rate) Mbit/s")
        }
    }

    enum Direction {
        case out
        case back
    }

    /// Moves bytes for a while; megabits a second.
    private static func run(_ direction: Direction, _ time: Interval, _ mtu: Int) throws -> Int64 {
        let pools = BufferPools(BufferPools.Plan(byteLimit: 256 << 20))
        let capabilities = DeviceCapabilities(
            isEthernet: true, mtu: mtu, offloadsChecksums: true, segments: true)
        let ends = try MemoryWire.pair(capabilities: capabilities, pools: pools)
        var configuration = GatewayConfiguration()
        configuration.pools = pools
        let gateway = try Gateway(.wire(ends.1), configuration)
        guard let prefix = IPPrefix("10.0.2.15/24") else { return 0 }
        let link = DeviceLink(
            .wire(ends.0), name: "eth0", hardwareAddress: MACAddress(2, 0, 0, 0, 0, 0x15),
            addresses: [prefix])
        let program = try HostDriver(
            HostConfiguration(seed: SystemRandom.seed()), links: [link],
            routes: [
                Route(to: .allIPv4, through: .v4(10, 0, 2, 2), on: InterfaceID(rawValue: 1))
            ], pools: pools)
        let listener = try Socket(.stream, on: .kernel)
        try listener.bind(to: SocketAddress(address: .v4(127, 0, 0, 1), port: 0))
        try listener.listen(backlog: 1)
        let port = try listener.localAddress.port
        let client = try Socket(.stream, on: Network(program))
        try? client.beginConnect(to: SocketAddress(address: .v4(10, 0, 2, 2), port: port))
        try serve(listener, direction)
        return try move(client, direction, time, [program, gateway])
    }

    /// The kernel's end, on a thread of its own.
    private static func serve(_ listener: Socket, _ direction: Direction) throws {
        try SystemThread.start {
            guard let peer = try? listener.accept() else { return }
            var buffer = [UInt8](repeating: 7, count: 256 << 10)
            do {
                while true {
                    switch direction {
                    case .out:
                        var span = buffer.mutableSpan
                        if try peer.receive(into: &span) == 0 { return }
                    case .back: try peer.sendAll(buffer.span)
                    }
                }
            } catch { return }
        }
    }

    private static func move(
        _ client: Socket, _ direction: Direction, _ time: Interval, _ sources: [any EventSource]
    ) throws -> Int64 {
        var bytes = [UInt8](repeating: 7, count: 128 << 10)
        var moved: Int64 = 0
        var entries = sources.flatMap(\.descriptors).map { DescriptorPoll.Entry($0, 1) }
        let start = MonotonicClock.now()
        while MonotonicClock.now() - start < time {
            var isBusy = false
            do throws(SocketError) {
                switch direction {
                case .out: moved += Int64(try client.sendNow(bytes.span))
                case .back:
                    var span = bytes.mutableSpan
                    moved += Int64(try client.receiveNow(into: &span))
                }
                isBusy = true
            } catch {
                guard error.code == EAGAIN else { throw error }
            }
            for source in sources where source.turn() { isBusy = true }
            if isBusy { continue }
            let deadline = sources.reduce(start + time) { min($0, $1.nextDeadline) }
            try DescriptorPoll.wait(&entries, until: deadline)
            for source in sources { source.acknowledgeWakeUp() }
        }
        let taken = MonotonicClock.now() - start
        client.close()
        return moved * 8 / max(1, taken.nanoseconds / 1000)
    }
}
