import CAllocationCounter
import Devices
import Glibc
import Memory
import Stack
import Testing
import Wire

/// No heap allocation per packet over UNIX sockets, TUN devices and packet sockets either.
@Suite(
    "Allocations of links",
    .enabled("counted without sanitizers") { allocation_counter_is_available() })
struct LinkAllocationTests {
    static let packets = 5_000
    let pools = BufferPools(.init(frames: 64, controls: 16, chunks: 64))

    /// How often `turn` allocates in all, once it has run a tenth of the time.
    private func allocations(_ turn: () throws -> Void) rethrows -> Int {
        for _ in 0..<Self.packets / 10 { try turn() }
        let before = allocation_counter_value()
        for _ in 0..<Self.packets { try turn() }
        return allocation_counter_value() - before
    }

    private func plain() -> Packet? {
        guard var packet = pools.frame(headroom: 64) else { return nil }
        packet.extend(500)
        return packet
    }

    @Test("UNIX stream sockets carry frames without allocating")
    func stream() throws {
        let file = ScratchFile("sock")
        let server = try UNIXStreamLink(file.path, as: .server, pools: pools)
        let client = try UNIXStreamLink(file.path, as: .client, whenPeerGoes: .ends, pools: pools)
        var received = 0
        let count = try allocations {
            guard let packet = plain() else { return }
            _ = client.send(packet)
            while let packet = try server.receive() {
                received += 1
                _ = server.send(packet)
            }
            while try client.receive() != nil { received += 1 }
        }
        #expect(count == 0)
        #expect(received == 2 * (Self.packets + Self.packets / 10))
    }

    @Test("UNIX datagram sockets carry frames without allocating")
    func datagram() throws {
        let (one, two) = (ScratchFile("one"), ScratchFile("two"))
        let left = try FrameDevice(unixDatagram: one.path, to: two.path, pools: pools)
        let right = try FrameDevice(unixDatagram: two.path, to: one.path, pools: pools)
        var received = 0
        let count = try allocations {
            guard let packet = plain() else { return }
            _ = try left.send(packet)
            while try right.receive() != nil { received += 1 }
        }
        #expect(count == 0)
        #expect(received == Self.packets + Self.packets / 10)
    }

    @Test(
        "TUN devices and packet sockets carry packets without allocating",
        .enabled(if: KernelSide.isAvailable, KernelSide.reason),
        arguments: [KernelSide.Attachment.tun, .pair])
    func kernel(attachment: KernelSide.Attachment) throws {
        let kernel = try KernelSide(attachment)
        let path = KernelSide.path(isIPv4: true, from: 7000, to: 7001)
        try kernel.withDevice(offloads: true, pools: pools) { device in
            let socket = try kernel.socket(true, SOCK_DGRAM)
            try socket.bind(path.destination)
            try socket.connect(path.source)
            let payload = pattern(1000)
            let frame = Array(path.datagram(payload).dropFirst(attachment == .tun ? 14 : 0))
            var received = 0
            let count = try allocations {
                _ = socket.send(payload)
                while try device.receive() != nil { received += 1 }
                guard var packet = pools.frame(headroom: 64) else { return }
                packet.append(frame.span)
                _ = try device.send(packet)
            }
            #expect(count == 0)
            #expect(received >= Self.packets)
        }
    }
}
