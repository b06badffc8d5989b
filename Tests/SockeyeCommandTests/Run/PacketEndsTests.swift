import Testing
import Wire

@testable import SockeyeCommand

@Suite("Who sends a packet to whom")
struct PacketEndsTests {
    private static let ethernet: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]
    private static let ipv4: [UInt8] =
        [0x08, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 2, 15, 10, 0, 2, 3]
    private static let udp: [UInt8] = [0x0F, 0xA0, 0, 53, 0, 8, 0, 0]

    private func ends(_ frame: [UInt8]) -> PacketEnds? { PacketEnds(frame.span) }

    @Test("addresses and ports of a datagram")
    func datagram() {
        let ends = ends(Self.ethernet + Self.ipv4 + Self.udp)
        #expect(ends?.proto == .udp)
        #expect(ends?.source == SocketAddress(address: .v4(10, 0, 2, 15), port: 4000))
        #expect(ends?.destination == SocketAddress(address: .v4(10, 0, 2, 3), port: 53))
    }

    @Test("a later fragment has no ports")
    func fragment() {
        var frame = Self.ethernet + Self.ipv4 + Self.udp
        frame[14 + 7] = 1
        #expect(ends(frame)?.source.port == 0)
    }

    @Test("whatever is cut off or is no IP has none")
    func none() {
        let frame = Self.ethernet + Self.ipv4 + Self.udp
        for count in 0..<34 { #expect(ends(Array(frame.prefix(count))) == nil) }
        var arp = frame
        arp[13] = 6
        #expect(ends(arp) == nil)
    }
}
