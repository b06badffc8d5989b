import Memory
import Wire

@testable import Stack

/// A router and a host on one Ethernet link, in virtual time.
final class TwoNodes {
    let pools = BufferPools(BufferPools.Plan(byteLimit: 8 << 20))
    var router: Host
    var host: Host
    static let interface = InterfaceID(rawValue: 1)
    private(set) var now = Instant.zero
    /// How many frames passed, by EtherType and, of ICMPv6, by type.
    private(set) var neighbourMessages = 0
    /// Whether packets pass.
    var isConnected = true

    init(
        router configureRouter: (inout InterfaceConfiguration) -> Void,
        host configureHost: (inout InterfaceConfiguration) -> Void
    ) {
        var configuration = HostConfiguration(seed: (1, 2))
        configuration.forwards = true
        router = Host(configuration, pools: pools)
        host = Host(HostConfiguration(seed: (3, 4)), pools: pools)
        var link = InterfaceConfiguration(
            name: "eth0", link: .ethernet(MACAddress(2, 0, 0, 0, 0, 1)))
        configureRouter(&link)
        router.addInterface(link)
        link = InterfaceConfiguration(
            name: "eth0", link: .ethernet(MACAddress(2, 0, 0, 0, 0, 2)))
        configureHost(&link)
        host.addInterface(link)
    }

    private func exchange() {
        var isBusy = true
        while isBusy {
            isBusy = false
            router.advance(to: now)
            host.advance(to: now)
            while let packet = router.nextOutput(on: Self.interface) {
                isBusy = true
                note(packet)
                if isConnected { host.receive(packet, on: Self.interface, at: now) }
            }
            while let packet = host.nextOutput(on: Self.interface) {
                isBusy = true
                note(packet)
                if isConnected { router.receive(packet, on: Self.interface, at: now) }
            }
        }
    }

    private func note(_ packet: borrowing Packet) {
        let head = packet.head
        if head.count > 54, head.uint16(at: 12) == EtherType.ipv6.rawValue, head[20] == 58,
            head[54] == 135 || head[54] == 136
        {
            neighbourMessages += 1
        }
    }

    func run(for interval: Interval) {
        let end = now + interval
        exchange()
        while min(router.nextDeadline, host.nextDeadline) <= end {
            now = max(now, min(router.nextDeadline, host.nextDeadline))
            exchange()
        }
        now = end
        exchange()
    }

    func address(_ origin: InterfaceAddress.Origin) -> InterfaceAddress? {
        host.addresses(of: Self.interface).first { $0.origin == origin }
    }
}
