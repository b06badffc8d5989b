import Memory
import Wire

@testable import Stack

/// A host on several links without frames, of which the test plays all the rest, packet by packet
/// in either family.
final class IPLinks {
    let pools = BufferPools(BufferPools.Plan(byteLimit: 4 << 20))
    var host: Host
    let interfaces: [InterfaceID]
    private(set) var now = Instant.zero + .seconds(10)

    /// - Parameter links: The addresses of each link, with their prefix lengths.
    init(_ links: [[String]], forwards: Bool = false, mtus: [Int] = []) {
        var configuration = HostConfiguration(seed: (3, 4))
        configuration.forwards = forwards
        host = Host(configuration, pools: pools)
        var interfaces: [InterfaceID] = []
        for (number, addresses) in links.enumerated() {
            interfaces.append(
                host.addInterface(
                    InterfaceConfiguration(
                        name: "link\(number)", link: .ip,
                        mtu: number < mtus.count ? mtus[number] : 1500,
                        addresses: addresses.compactMap { IPPrefix($0) })))
        }
        self.interfaces = interfaces
        host.advance(to: now)
        for number in links.indices { while take(on: number) != nil {} }
    }

    /// A packet as bytes and what stands in its header.
    struct Sent {
        let bytes: [UInt8]
        var isIPv6: Bool { bytes[0] >> 4 == 6 }
        var headerCount: Int { isIPv6 ? 40 : Int(bytes[0] & 15) * 4 }
        var proto: IPProtocol { IPProtocol(rawValue: bytes[isIPv6 ? 6 : 9]) }
        var hops: UInt8 { bytes[isIPv6 ? 7 : 8] }
        var payload: [UInt8] { Array(bytes[headerCount...]) }
        var source: IPAddress { address(at: isIPv6 ? 8 : 12) }
        var destination: IPAddress { address(at: isIPv6 ? 24 : 16) }

        private func address(at offset: Int) -> IPAddress {
            isIPv6
                ? IPAddress(bytes.span.ipv6Address(at: offset))
                : IPAddress(bytes.span.ipv4Address(at: offset))
        }
    }

    static func address(_ text: String) -> IPAddress { IPAddress(text) ?? .unspecifiedV4 }

    /// An IP packet of the family of `source`.
    static func packet(
        _ proto: IPProtocol, from source: String, to destination: String, hops: UInt8 = 64,
        dontFragment: Bool = true, _ payload: [UInt8]
    ) -> [UInt8] {
        let (from, to) = (address(source), address(destination))
        if let from = from.v4, let to = to.v4 {
            var bytes = [UInt8](repeating: 0, count: IPv4Header.byteCount) + payload
            let count = UInt16(bytes.count)
            var span = bytes.mutableSpan
            IPv4Header(
                totalCount: count, identification: 7, dontFragment: dontFragment,
                timeToLive: hops, proto: proto, source: from, destination: to
            ).write(to: &span)
            return bytes
        }
        var bytes = [UInt8](repeating: 0, count: IPv6Header.byteCount) + payload
        var span = bytes.mutableSpan
        IPv6Header(
            payloadCount: UInt16(payload.count), nextHeader: proto, hopLimit: hops,
            source: from.v6, destination: to.v6
        ).write(to: &span)
        return bytes
    }

    /// An echo request or other ICMP message of the family of `source`.
    static func icmp(
        type: UInt8, code: UInt8 = 0, rest: UInt32 = 0x0001_0002, from source: String,
        to destination: String, _ payload: [UInt8]
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 8) + payload
        var span = bytes.mutableSpan
        if address(source).isIPv4 {
            ICMPHeader(type: ICMPType(rawValue: type), code: code, rest: rest)
                .write(toMessage: &span)
        } else {
            ICMPv6Header(type: ICMPv6Type(rawValue: type), code: code, rest: rest)
                .write(
                    toMessage: &span, source: address(source).v6,
                    destination: address(destination).v6)
        }
        return bytes
    }

    static func udp(
        from source: String, _ sourcePort: UInt16, to destination: String,
        _ destinationPort: UInt16, _ payload: [UInt8]
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: UDPHeader.byteCount) + payload
        let count = UInt16(bytes.count)
        var span = bytes.mutableSpan
        UDPHeader(sourcePort: sourcePort, destinationPort: destinationPort, length: count)
            .write(to: &span)
        var sum = InternetChecksum.pseudoHeader(
            source: address(source), destination: address(destination), proto: .udp,
            length: UInt32(count))
        sum.add(bytes.span)
        let value = sum.value
        span = bytes.mutableSpan
        span.write(value, at: UDPHeader.checksumOffset)
        return bytes
    }

    func inject(_ bytes: [UInt8], on link: Int = 0) {
        guard var packet = pools.frame(headroom: 64) else { return }
        packet.append(bytes.span)
        host.receive(packet, on: interfaces[link], at: now)
        host.advance(to: now)
    }

    func wait(_ interval: Interval) {
        now = now + interval
        host.advance(to: now)
    }

    func take(on link: Int = 0) -> Sent? {
        guard let packet = host.nextOutput(on: interfaces[link]) else { return nil }
        var bytes = [UInt8](repeating: 0, count: packet.count)
        var span = bytes.mutableSpan
        _ = packet.copy(from: 0, into: &span)
        return Sent(bytes: bytes)
    }

    /// Whether all memory is back.
    var isClean: Bool {
        let (free, all) = (pools.available, pools.capacity)
        return free.frames == all.frames && free.controls == all.controls
            && free.chunks == all.chunks
    }
}
