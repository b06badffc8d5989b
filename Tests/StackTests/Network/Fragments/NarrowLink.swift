import Memory
import Wire

@testable import Stack

/// Two hosts on one link with a small MTU, in simulated time.
final class NarrowLink {
    let family: Family
    let pools = BufferPools(BufferPools.Plan(byteLimit: 8 << 20))
    var one: Host
    var two: Host
    private let link: InterfaceID
    private var now = Instant.zero + .seconds(1)
    private(set) var sent: UInt64 = 0

    init(_ family: Family, mtu: Int) {
        self.family = family
        let length = family == .v4 ? 24 : 64
        one = Host(HostConfiguration(seed: (1, 1)), pools: pools)
        two = Host(HostConfiguration(seed: (2, 2)), pools: pools)
        link = one.addInterface(Self.interface(family.peer, length, mtu))
        two.addInterface(Self.interface(family.host, length, mtu))
        exchange()
    }

    private static func interface(
        _ address: String, _ length: Int, _ mtu: Int
    ) -> InterfaceConfiguration {
        InterfaceConfiguration(
            name: "link", link: .ip, mtu: mtu,
            addresses: [IPPrefix("\(address)/\(length)")].compactMap { $0 })
    }

    /// Echo replies that came back: nobody waits for them, so they are ignored, but only when
    /// their checksum came out.
    var answers: UInt64 { one.counters[.icmpIgnored] }

    /// Carries packets both ways until none is left.
    func exchange() {
        var isBusy = true
        while isBusy {
            isBusy = false
            now = now + .milliseconds(1)
            one.advance(to: now)
            two.advance(to: now)
            while let packet = one.nextOutput(on: link) {
                isBusy = true
                two.receive(packet, on: link, at: now)
            }
            while let packet = two.nextOutput(on: link) {
                isBusy = true
                one.receive(packet, on: link, at: now)
            }
        }
    }

    /// Host one sends host two an echo request with `count` bytes; the answers come back.
    func ping(_ count: Int) {
        sent += 1
        guard var packet = pools.frame(headroom: NetworkLayer.headroom) else { return }
        let echo = family.echo(count)
        let inHead = min(echo.count, 1000)
        packet.append(echo.span.extracting(first: inHead))
        var queue = pools.queue()
        let rest = echo.span.extracting(droppingFirst: inHead)
        guard queue.append(rest) == rest.count,
            queue.attach(to: &packet, from: 0, count: rest.count) == rest.count
        else { return }
        one.network.send(
            packet, from: IPLinks.address(family.peer), to: IPLinks.address(family.host),
            NetworkLayer.SendOptions(proto: family.proto, dontFragment: false))
        exchange()
    }

    /// Host one sends host two a datagram of `count` bytes; whether it came as it left.
    func datagram(_ count: Int) throws -> Bool {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 11 &+ $0 >> 8) }
        let stack: AddressFamily = family == .v4 ? .inet : .inet6
        let receiver = two.open(.datagram, family: stack)
        try two.bind(receiver, to: SocketAddress(address: IPLinks.address(family.host), port: 9))
        let sender = one.open(.datagram, family: stack)
        try one.send(
            sender, payload.span,
            to: SocketAddress(address: IPLinks.address(family.host), port: 9))
        exchange()
        var buffer = [UInt8](repeating: 0, count: 70_000)
        var span = buffer.mutableSpan
        let datagram = try two.receiveDatagram(receiver, into: &span)
        try one.close(sender)
        try two.close(receiver)
        return datagram.fullCount == count && Array(buffer[..<datagram.count]) == payload
    }

    /// Whether all memory is back.
    var isClean: Bool {
        let (free, all) = (pools.available, pools.capacity)
        return free.frames == all.frames && free.chunks == all.chunks
    }
}
