import Memory
import Wire

@testable import Stack

/// The IPv6 address that `text` spells.
func v6(_ text: String) -> IPv6Address {
    guard let address = IPv6Address(text) else { preconditionFailure("no address: \(text)") }
    return address
}

/// The prefix that `text` spells.
func prefix(_ text: String) -> IPPrefix {
    guard let prefix = IPPrefix(text) else { preconditionFailure("no prefix: \(text)") }
    return prefix
}

/// A host on an Ethernet link, of which the test plays all other stations of both families.
final class TestLink {
    static let hostMAC = MACAddress(2, 0, 0, 0, 0, 1)
    static let peerMAC = MACAddress(2, 0, 0, 0, 0, 2)
    static let routerMAC = MACAddress(2, 0, 0, 0, 0, 0xFE)
    static let host = v6("2001:db8::1")
    static let peer = v6("2001:db8::2")
    static let router = v6("fe80::fe")
    static let host4 = IPv4Address(10, 7, 0, 1)
    static let peer4 = IPv4Address(10, 7, 0, 2)

    /// An ICMPv6 message as the host sent it.
    struct Message {
        var hardware: MACAddress
        var source: IPv6Address
        var destination: IPv6Address
        var hopLimit: UInt8
        var bytes: [UInt8]

        /// The address at `offset`, of solicitations and advertisements the target.
        func address(at offset: Int = 8) -> IPv6Address {
            bytes.span.ipv6Address(at: offset)
        }
        /// The link-layer address in the option at `offset`.
        func linkAddress(at offset: Int = 24) -> MACAddress? {
            guard bytes.count >= offset + 8, bytes[offset] == 1 || bytes[offset] == 2
            else { return nil }
            return bytes.span.macAddress(at: offset + 2)
        }
    }

    let pools = BufferPools(BufferPools.Plan(byteLimit: 4 << 20))
    var host: Host
    let interface: InterfaceID
    private(set) var now = Instant.zero + .seconds(10)
    private var sent: [[UInt8]] = []

    /// By default the host has an address of each family.
    init(
        seed: (UInt64, UInt64) = (1, 2), forwards: Bool = false,
        addresses: [String] = ["10.7.0.1/16", "2001:db8::1/64"],
        _ configure: (inout InterfaceConfiguration) -> Void = { _ in }
    ) {
        var configuration = HostConfiguration(seed: seed)
        configuration.forwards = forwards
        host = Host(configuration, pools: pools)
        // Time passes before the interface comes up, so that nothing is due at zero.
        host.advance(to: now)
        var link = InterfaceConfiguration(
            name: "eth0", link: .ethernet(Self.hostMAC), addresses: addresses.map { prefix($0) })
        configure(&link)
        interface = host.addInterface(link)
        collect()
    }

    /// The first address of an origin that the host has here.
    func address(_ origin: InterfaceAddress.Origin) -> InterfaceAddress? {
        host.addresses(of: interface).first { $0.origin == origin }
    }

    func state(of address: IPv6Address) -> NeighbourEntry.State? {
        state(of: IPAddress(address))
    }

    func state(of address: IPAddress) -> NeighbourEntry.State? {
        entry(address)?.state
    }

    func entry(_ address: IPAddress) -> NeighbourEntry? {
        host.neighbours.first { $0.address == address }
    }

    // MARK: - In

    func inject(_ type: EtherType, _ payload: [UInt8], to destination: MACAddress = hostMAC) {
        guard var packet = pools.frame(headroom: 64) else { return }
        var bytes = [UInt8](repeating: 0, count: EthernetHeader.byteCount)
        var span = bytes.mutableSpan
        EthernetHeader(destination: destination, source: Self.peerMAC, etherType: type)
            .write(to: &span)
        bytes += payload
        packet.append(bytes.span)
        host.receive(packet, on: interface, at: now)
        collect()
    }

    func injectARP(
        _ operation: ARPOperation, sender: IPv4Address = peer4, at hardware: MACAddress = peerMAC,
        target: IPv4Address = host4
    ) {
        var bytes = [UInt8](repeating: 0, count: ARPMessage.byteCount)
        var span = bytes.mutableSpan
        ARPMessage(
            operation: operation, senderHardwareAddress: hardware, senderProtocolAddress: sender,
            targetHardwareAddress: .zero, targetProtocolAddress: target
        ).write(to: &span)
        inject(.arp, bytes, to: .broadcast)
    }

    func packet(
        _ proto: IPProtocol, _ payload: [UInt8], from source: IPv6Address,
        to destination: IPv6Address,
        hopLimit: UInt8 = 64
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: IPv6Header.byteCount)
        var span = bytes.mutableSpan
        IPv6Header(
            payloadCount: UInt16(payload.count), nextHeader: proto, hopLimit: hopLimit,
            source: source, destination: destination
        ).write(to: &span)
        return bytes + payload
    }

    /// Injects an ICMPv6 message: the fixed fields after the checksum and the options as given.
    func injectICMPv6(
        _ type: ICMPv6Type, code: UInt8 = 0, _ body: [UInt8], from source: IPv6Address,
        to destination: IPv6Address, hopLimit: UInt8 = 255
    ) {
        let bytes = icmpv6(type, code: code, body, from: source, to: destination)
        inject(
            .ipv6, packet(.icmpv6, bytes, from: source, to: destination, hopLimit: hopLimit),
            to: destination.isMulticast
                ? MACAddress(multicast: IPAddress(destination)) : Self.hostMAC)
    }

    func icmpv6(
        _ type: ICMPv6Type, code: UInt8 = 0, _ body: [UInt8], from source: IPv6Address,
        to destination: IPv6Address
    ) -> [UInt8] {
        var bytes = [type.rawValue, code, 0, 0] + body
        var span = bytes.mutableSpan
        var sum = InternetChecksum.pseudoHeader(
            source: IPAddress(source), destination: IPAddress(destination), proto: .icmpv6,
            length: UInt32(bytes.count))
        sum.add(bytes.span)
        let value = sum.value
        span = bytes.mutableSpan
        span.write(value, at: 2)
        return bytes
    }

    /// Asks for `target`; `link` nil leaves the option out.
    func solicit(
        _ target: IPv6Address = host, from source: IPv6Address = peer,
        link: MACAddress? = peerMAC, to destination: IPv6Address? = nil, hopLimit: UInt8 = 255
    ) {
        injectICMPv6(
            .neighbourSolicitation, [0, 0, 0, 0] + bytes(target) + option(1, link), from: source,
            to: destination ?? target.solicitedNode, hopLimit: hopLimit)
    }

    /// Tells where `target` is. Flags: 0x80 router, 0x40 solicited, 0x20 override.
    func advertise(
        _ target: IPv6Address = peer, _ flags: UInt8 = 0x60, link: MACAddress? = peerMAC,
        from source: IPv6Address? = nil, to destination: IPv6Address = host
    ) {
        injectICMPv6(
            .neighbourAdvertisement, [flags, 0, 0, 0] + bytes(target) + option(2, link),
            from: source ?? target, to: destination)
    }

    /// A word of a router to all nodes.
    func advertiseRouter(
        hopLimit: UInt8 = 0, flags: UInt8 = 0, lifetime: UInt16 = 1800, reachable: UInt32 = 0,
        retransmit: UInt32 = 0, options: [UInt8] = [], from source: IPv6Address = router,
        link: MACAddress? = routerMAC, hops: UInt8 = 255
    ) {
        let times = bytes(UInt64(reachable) << 32 | UInt64(retransmit))
        injectICMPv6(
            .routerAdvertisement,
            [hopLimit, flags, UInt8(lifetime >> 8), UInt8(lifetime & 0xFF)] + times
                + option(1, link) + options, from: source, to: .allNodes, hopLimit: hops)
    }

    /// A ping to the host, which answers it.
    func ping(from source: IPv6Address = peer, to destination: IPv6Address = host) {
        injectICMPv6(
            .echoRequest, [0, 1, 0, 1], from: source, to: destination, hopLimit: 64)
    }

    // MARK: - Bytes

    func bytes(_ address: IPv6Address) -> [UInt8] { bytes(address.high) + bytes(address.low) }

    func bytes(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(56 - 8 * $0)) }
    }

    func option(_ kind: UInt8, _ address: MACAddress?) -> [UInt8] {
        guard let address else { return [] }
        return [kind, 1] + bytes(address.rawValue).dropFirst(2)
    }

    func option(mtu: UInt32) -> [UInt8] { [5, 1] + bytes(UInt64(mtu)).dropFirst(2) }

    /// Flags: 0x80 on-link, 0x40 autonomous.
    func option(
        prefix: IPPrefix, flags: UInt8 = 0xC0, valid: UInt32 = 86_400, preferred: UInt32 = 14_400
    ) -> [UInt8] {
        [3, 4, prefix.length, flags] + bytes(UInt64(valid) << 32 | UInt64(preferred))
            + [0, 0, 0, 0] + bytes(prefix.address.v6)
    }

    // MARK: - Out

    func collect() {
        host.advance(to: now)
        while let packet = host.nextOutput(on: interface) {
            var bytes = [UInt8](repeating: 0, count: packet.count)
            var span = bytes.mutableSpan
            _ = packet.copy(from: 0, into: &span)
            sent.append(bytes)
        }
    }

    func wait(_ interval: Interval) {
        let end = now + interval
        while host.nextDeadline <= end {
            now = max(now, host.nextDeadline)
            collect()
        }
        now = end
        collect()
    }

    /// Whether nothing is left that was not taken.
    var isSilent: Bool { sent.isEmpty }

    func discardSent() { sent = [] }

    func takeARP() -> (message: ARPMessage, destination: MACAddress)? {
        let place = sent.firstIndex { $0.span.uint16(at: 12) == EtherType.arp.rawValue }
        guard let place else { return nil }
        let frame = sent.remove(at: place)
        let bytes = Array(frame[14...])
        do throws(WireError) {
            return (ARPMessage(try ARPPacket(bytes.span)), frame.span.macAddress(at: 0))
        } catch {
            return nil
        }
    }

    /// The next ICMPv6 message of a type; of every type when nil.
    func take(_ type: ICMPv6Type? = nil) -> Message? {
        let place = sent.firstIndex { frame in
            frame.span.uint16(at: 12) == EtherType.ipv6.rawValue && frame[20] == 58
                && (type == nil || frame[54] == type?.rawValue)
        }
        guard let place else { return nil }
        let frame = sent.remove(at: place)
        let span = frame.span
        return Message(
            hardware: span.macAddress(at: 0), source: span.ipv6Address(at: 22),
            destination: span.ipv6Address(at: 38), hopLimit: frame[21],
            bytes: Array(frame[54...]))
    }

    /// The next IPv4 packet of a protocol.
    func takeIPv4(_ proto: IPProtocol = .icmp) -> [UInt8]? {
        let place = sent.firstIndex { frame in
            frame.span.uint16(at: 12) == EtherType.ipv4.rawValue && frame[23] == proto.rawValue
        }
        guard let place else { return nil }
        return Array(sent.remove(at: place)[14...])
    }

    /// Whether every buffer is back in its pool.
    var isClean: Bool {
        let (free, all) = (pools.available, pools.capacity)
        return free.frames == all.frames && free.controls == all.controls
            && free.chunks == all.chunks
    }
}
