// Two hosts in one process, joined by nothing but a loop: what the stack itself can do.
//
//     swift run -c release StackBenchmark [seconds]

import Glibc
import Memory
import Stack
import Wire

/// Two hosts whose packets go straight from one to the other.
struct Pair: ~Copyable {
    var a: Host
    var b: Host
    let interface = InterfaceID(rawValue: 1)

    init(mtu: Int, segments: Bool) {
        let pools = BufferPools(BufferPools.Plan(byteLimit: 128 << 20))
        var first = HostConfiguration(seed: (1, 2))
        first.tcp.receiveBuffer = 2 << 20
        first.tcp.sendBuffer = 2 << 20
        var second = first
        second.seed = (3, 4)
        a = Host(first, pools: pools)
        b = Host(second, pools: pools)
        for (number, isFirst) in [(1, true), (2, false)] {
            let configuration = InterfaceConfiguration(
                name: "wire", link: .ip, mtu: mtu,
                addresses: IPPrefix("10.0.0.\(number)/24").map { [$0] } ?? [],
                offloadsChecksums: true, segments: segments)
            if isFirst { a.addInterface(configuration) } else { b.addInterface(configuration) }
        }
    }

    /// Carries packets until none is left.
    mutating func settle(at now: Instant) -> Int {
        var packets = 0
        while true {
            a.advance(to: now)
            b.advance(to: now)
            var moved = 0
            while let packet = a.nextOutput(on: interface) {
                b.receive(packet, on: interface, at: now)
                moved += 1
            }
            while let packet = b.nextOutput(on: interface) {
                a.receive(packet, on: interface, at: now)
                moved += 1
            }
            if moved == 0 { return packets }
            packets += moved
        }
    }
}

let beginning = ContinuousClock.now

func now() -> Instant {
    let (seconds, attoseconds) = (ContinuousClock.now - beginning).components
    return Instant(nanoseconds: seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
}

func bulk(_ name: String, mtu: Int, segments: Bool, seconds: Int) throws(StackError) {
    var pair = Pair(mtu: mtu, segments: segments)
    var clock = now()
    _ = pair.settle(at: clock)
    let server = pair.b.open(.stream)
    let address = SocketAddress(address: .v4(10, 0, 0, 2), port: 9)
    try pair.b.bind(server, to: address)
    try pair.b.listen(server, backlog: 8)
    let client = pair.a.open(.stream)
    do throws(StackError) { try pair.a.connect(client, to: address) } catch {}
    _ = pair.settle(at: clock)
    let accepted = try pair.b.accept(server)
    let block = [UInt8](repeating: 7, count: 128 << 10)
    var sink = [UInt8](repeating: 0, count: 128 << 10)
    var bytes = 0
    var packets = 0
    let start = clock
    while clock < start + .seconds(seconds) {
        clock = now()
        for _ in 0..<16 {
            do throws(StackError) { _ = try pair.a.send(client, block.span) } catch {}
            packets += pair.settle(at: clock)
            while true {
                do throws(StackError) {
                    var span = sink.mutableSpan
                    bytes += try pair.b.receive(accepted, into: &span)
                } catch { break }
            }
        }
    }
    let elapsed = Double((clock - start).nanoseconds) / 1e9
    let gigabits = Double(bytes) * 8 / elapsed / 1e9
    let perPacket = elapsed * 1e9 / Double(packets)
    let dropped = pair.a.counters.dropped + pair.b.counters.dropped
    print(
        "\(name): \((gigabits * 10).rounded() / 10) Gbit/s, \(packets) packets, "
            + "\(perPacket.rounded()) ns each, \(dropped) dropped")
}

let seconds = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 2 : 2
do throws(StackError) {
    try bulk("merged, MTU 1500", mtu: 1500, segments: true, seconds: seconds)
    try bulk("1500-byte packets", mtu: 1500, segments: false, seconds: seconds)
} catch {
    print("failed: \(error)")
    exit(1)
}
