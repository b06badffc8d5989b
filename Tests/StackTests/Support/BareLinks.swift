import Memory
import Testing
import Wire

@testable import Stack

/// A host on two links that carry bare IP packets of both families, of which the test plays all the
/// rest, byte by byte.
final class BareLinks {
    static let own4 = IPAddress.v4(10, 7, 0, 1)
    static let peer4 = IPAddress.v4(10, 7, 0, 2)
    static let own6 = address("2001:db8:7::1")
    static let peer6 = address("2001:db8:7::2")
    static let ownLocal = address("fe80::1")
    static let peerLocal = address("fe80::2")
    /// On the second link.
    static let second4 = IPAddress.v4(10, 8, 0, 1)
    static let second6 = address("2001:db8:8::1")

    let pools = BufferPools(BufferPools.Plan(byteLimit: 8 << 20))
    var host: Host
    let first: InterfaceID
    let second: InterfaceID
    private(set) var now = Instant.zero + .seconds(10)

    init(mtu: Int = 1500) {
        host = Host(HostConfiguration(seed: (1, 2)), pools: pools)
        first = host.addInterface(
            InterfaceConfiguration(
                name: "ip0", link: .ip, mtu: mtu,
                addresses: [
                    Self.prefix(Self.own4, 16), Self.prefix(Self.own6, 64),
                    Self.prefix(Self.ownLocal, 64),
                ]))
        second = host.addInterface(
            InterfaceConfiguration(
                name: "ip1", link: .ip, mtu: mtu,
                addresses: [
                    Self.prefix(Self.second4, 16), Self.prefix(Self.second6, 64),
                    Self.prefix(Self.ownLocal, 64),
                ]))
        host.advance(to: now)
        drain()
    }

    static func address(_ text: String) -> IPAddress { IPAddress(text) ?? .unspecifiedV6 }

    static func prefix(_ address: IPAddress, _ length: Int) -> IPPrefix {
        IPPrefix(address: address, length: length) ?? IPPrefix(host: address)
    }

    static func name(_ text: String) -> SocketAddress {
        SocketAddress(text) ?? SocketAddress(address: .unspecifiedV4, port: 0)
    }

    var areBuffersBack: Bool {
        let (free, all) = (pools.available, pools.capacity)
        return free.frames == all.frames && free.controls == all.controls
            && free.chunks == all.chunks
    }

    // MARK: - Bytes

    /// An IP packet of the addresses' family.
    func packet(
        _ proto: IPProtocol, _ payload: [UInt8], from source: IPAddress, to destination: IPAddress,
        hops: UInt8 = 64, trafficClass: UInt8 = 0
    ) -> [UInt8] {
        guard let from = source.v4, let to = destination.v4 else {
            var bytes = [UInt8](repeating: 0, count: IPv6Header.byteCount)
            var span = bytes.mutableSpan
            IPv6Header(
                trafficClass: trafficClass, flowLabel: 0, payloadCount: UInt16(payload.count),
                nextHeader: proto, hopLimit: hops, source: source.v6, destination: destination.v6
            ).write(to: &span)
            return bytes + payload
        }
        var bytes = [UInt8](repeating: 0, count: IPv4Header.byteCount)
        var span = bytes.mutableSpan
        IPv4Header(
            trafficClass: trafficClass,
            totalCount: UInt16(IPv4Header.byteCount + payload.count), identification: 1,
            timeToLive: hops, proto: proto, source: from, destination: to
        ).write(to: &span)
        return bytes + payload
    }

    /// A UDP datagram with its checksum, in an IP packet.
    func udp(
        from source: SocketAddress, to destination: SocketAddress, _ payload: [UInt8],
        hops: UInt8 = 64, trafficClass: UInt8 = 0,
        changed change: (inout [UInt8]) -> Void = { _ in }
    ) -> [UInt8] {
        var bytes = Self.datagram(from: source, to: destination, payload)
        change(&bytes)
        return packet(
            .udp, bytes, from: source.address, to: destination.address, hops: hops,
            trafficClass: trafficClass)
    }

    static func datagram(
        from source: SocketAddress, to destination: SocketAddress, _ payload: [UInt8]
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: UDPHeader.byteCount) + payload
        let count = UInt16(bytes.count)
        var span = bytes.mutableSpan
        UDPHeader(
            sourcePort: source.port, destinationPort: destination.port, length: count
        ).write(to: &span)
        fill(&bytes, at: 6, .udp, from: source.address, to: destination.address)
        return bytes
    }

    /// Writes the checksum over a pseudo-header and `bytes`.
    static func fill(
        _ bytes: inout [UInt8], at offset: Int, _ proto: IPProtocol, from source: IPAddress,
        to destination: IPAddress
    ) {
        var span = bytes.mutableSpan
        span.write(0 as UInt16, at: offset)
        var sum = InternetChecksum()
        if !(source.isIPv4 && proto == .icmp) {
            sum = InternetChecksum.pseudoHeader(
                source: source, destination: destination, proto: proto,
                length: UInt32(bytes.count))
        }
        sum.add(bytes.span)
        let value = sum.value
        span = bytes.mutableSpan
        span.write(value, at: offset)
    }

    /// An ICMP message of the addresses' family, in an IP packet.
    func icmp(
        _ type: UInt8, code: UInt8 = 0, rest: UInt32 = 0, _ payload: [UInt8],
        from source: IPAddress, to destination: IPAddress
    ) -> [UInt8] {
        var bytes: [UInt8] = [type, code, 0, 0]
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: rest >> shift)) }
        bytes += payload
        let proto: IPProtocol = source.isIPv4 ? .icmp : .icmpv6
        Self.fill(&bytes, at: 2, proto, from: source, to: destination)
        return packet(proto, bytes, from: source, to: destination)
    }

    // MARK: - In and out

    /// Hands in a packet of any size up to 65,575 bytes.
    func inject(_ bytes: [UInt8], on interface: InterfaceID? = nil) {
        guard var packet = pools.frame(headroom: 64) else { return }
        let inHead = min(bytes.count, packet.tailroom)
        packet.append(bytes.span.extracting(first: inHead))
        if inHead < bytes.count {
            var queue = pools.queue()
            _ = queue.append(bytes.span.extracting(droppingFirst: inHead))
            _ = queue.attach(to: &packet, from: 0, count: bytes.count - inHead)
        }
        host.receive(packet, on: interface ?? first, at: now)
        host.advance(to: now)
    }

    func wait(_ interval: Interval) {
        now = now + interval
        host.advance(to: now)
    }

    /// Takes the next packet that the host sent.
    func take(on interface: InterfaceID? = nil) -> [UInt8]? {
        host.advance(to: now)
        guard let packet = host.nextOutput(on: interface ?? first) else { return nil }
        var bytes = [UInt8](repeating: 0, count: packet.count)
        var span = bytes.mutableSpan
        _ = packet.copy(from: 0, into: &span)
        return bytes
    }

    func drain() {
        while take(on: first) != nil {}
        while take(on: second) != nil {}
    }

    // MARK: - Endpoints

    /// A UDP endpoint with a name.
    func bound(
        _ address: SocketAddress, family: AddressFamily? = nil,
        _ change: (inout EndpointOptions) -> Void = { _ in }
    ) throws -> EndpointID {
        let endpoint = host.open(
            .datagram, family: family ?? AddressFamily(of: address.address))
        try set(endpoint, change)
        try host.bind(endpoint, to: address)
        return endpoint
    }

    func set(
        _ endpoint: EndpointID, _ change: (inout EndpointOptions) -> Void
    ) throws {
        var options = try host.options(of: endpoint)
        change(&options)
        try host.setOptions(options, of: endpoint)
    }

    /// The next datagram and its bytes; nil when none waits.
    func receive(
        _ endpoint: EndpointID, upTo limit: Int = 65_536
    ) throws -> (datagram: Host.Datagram, bytes: [UInt8])? {
        var buffer = [UInt8](repeating: 0, count: limit)
        var span = buffer.mutableSpan
        do throws(StackError) {
            let datagram = try host.receiveDatagram(endpoint, into: &span)
            return (datagram, Array(buffer[..<datagram.count]))
        } catch {
            guard error == .wouldBlock else { throw error }
            return nil
        }
    }

    /// What waits for an endpoint: the first byte of each datagram.
    func marks(_ endpoint: EndpointID) throws -> [UInt8] {
        var marks: [UInt8] = []
        while let next = try receive(endpoint) { marks.append(next.bytes.first ?? 0) }
        return marks
    }
}
