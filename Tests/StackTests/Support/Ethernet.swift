import Memory
import Wire

@testable import Stack

/// A host on an Ethernet link, of which the test plays all the rest, byte by byte.
final class Ethernet {
    static let hostAddress = IPv4Address(10, 7, 0, 1)
    static let peerAddress = IPv4Address(10, 7, 0, 2)
    static let own = IPAddress(hostAddress)
    static let peer = IPAddress(peerAddress)
    static let hostMAC = MACAddress(2, 0, 0, 0, 0, 1)
    static let peerMAC = MACAddress(2, 0, 0, 0, 0, 2)

    let pools = BufferPools(BufferPools.Plan(byteLimit: 4 << 20))
    var host: Host
    let interface: InterfaceID
    private(set) var now = Instant.zero + .seconds(10)
    private var sent: [[UInt8]] = []

    init() {
        host = Host(HostConfiguration(seed: (1, 2)), pools: pools)
        interface = host.addInterface(
            InterfaceConfiguration(
                name: "eth0", link: .ethernet(Self.hostMAC),
                addresses: [IPPrefix(address: Self.own, length: 16) ?? IPPrefix(host: Self.own)]))
        host.advance(to: now)
    }

    var neighbourCount: Int { host.network.neighbours.entries.count }

    var isClean: Bool {
        let (free, all) = (pools.available, pools.capacity)
        return free.frames == all.frames && free.controls == all.controls
            && free.chunks == all.chunks && host.isIdle
    }

    // MARK: - Bytes

    func frame(
        to destination: MACAddress = hostMAC, _ type: EtherType, _ payload: [UInt8],
        changed change: (inout [UInt8]) -> Void = { _ in }
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: EthernetHeader.byteCount)
        var span = bytes.mutableSpan
        EthernetHeader(destination: destination, source: Self.peerMAC, etherType: type)
            .write(to: &span)
        bytes += payload
        change(&bytes)
        return bytes
    }

    func ip(
        _ proto: IPProtocol, _ payload: [UInt8], from source: IPAddress = peer,
        to destination: IPAddress = own
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: IPv4Header.byteCount)
        guard let from = source.v4, let to = destination.v4 else { return [] }
        var span = bytes.mutableSpan
        IPv4Header(
            totalCount: UInt16(IPv4Header.byteCount + payload.count), identification: 1,
            timeToLive: 64, proto: proto, source: from, destination: to
        ).write(to: &span)
        return bytes + payload
    }

    /// Makes the checksum of a changed header of 20 bytes right again.
    func fixHeader(_ packet: inout [UInt8]) {
        var span = packet.mutableSpan
        span.write(UInt16(0), at: 10)
        var sum = InternetChecksum()
        sum.add(packet.span.extracting(first: 20))
        let value = sum.value
        span = packet.mutableSpan
        span.write(value, at: 10)
    }

    func icmp(
        _ type: ICMPType, code: UInt8 = 0, rest: UInt32, _ payload: [UInt8]
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: ICMPHeader.byteCount) + payload
        var span = bytes.mutableSpan
        ICMPHeader(type: type, code: code, rest: rest).write(toMessage: &span)
        return bytes
    }

    func udp(
        from source: UInt16, to destination: UInt16, _ payload: [UInt8], isFromHost: Bool = false
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: UDPHeader.byteCount) + payload
        let count = UInt16(bytes.count)
        var span = bytes.mutableSpan
        UDPHeader(sourcePort: source, destinationPort: destination, length: count)
            .write(to: &span)
        var sum = InternetChecksum.pseudoHeader(
            source: isFromHost ? Self.own : Self.peer,
            destination: isFromHost ? Self.peer : Self.own, proto: .udp, length: UInt32(count))
        sum.add(bytes.span)
        let value = sum.value
        span = bytes.mutableSpan
        span.write(value, at: UDPHeader.checksumOffset)
        return bytes
    }

    // MARK: - In

    func inject(_ bytes: [UInt8]) {
        guard var packet = pools.frame(headroom: 64) else { return }
        packet.append(bytes.span)
        host.receive(packet, on: interface, at: now)
        collect()
    }

    func injectIP(
        _ proto: IPProtocol, _ payload: [UInt8], from source: IPAddress = peer,
        to destination: IPAddress = own
    ) {
        inject(frame(.ipv4, ip(proto, payload, from: source, to: destination)))
    }

    func injectARP(
        _ operation: ARPOperation, sender: IPv4Address = peerAddress,
        hardware: MACAddress = peerMAC, target: IPv4Address
    ) {
        var bytes = [UInt8](repeating: 0, count: ARPMessage.byteCount)
        var span = bytes.mutableSpan
        ARPMessage(
            operation: operation, senderHardwareAddress: hardware, senderProtocolAddress: sender,
            targetHardwareAddress: Self.hostMAC, targetProtocolAddress: target
        ).write(to: &span)
        inject(frame(.arp, bytes))
    }

    /// The peer makes itself known, so that the host need not ask.
    func meet() {
        injectARP(.request, target: Self.hostAddress)
        _ = takeARP()
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

    private func take(_ type: EtherType) -> [UInt8]? {
        let place = sent.firstIndex { bytes in
            UInt16(bytes[12]) << 8 | UInt16(bytes[13]) == type.rawValue
        }
        guard let place else { return nil }
        return Array(sent.remove(at: place)[14...])
    }

    /// The next frame, whatever it carries.
    func takeFrame() -> [UInt8]? { sent.isEmpty ? nil : sent.removeFirst() }

    func takeARP() -> ARPMessage? {
        guard let bytes = take(.arp) else { return nil }
        do throws(WireError) {
            return ARPMessage(try ARPPacket(bytes.span))
        } catch {
            return nil
        }
    }

    func takeIP() -> (proto: IPProtocol, payload: [UInt8])? {
        guard let bytes = take(.ipv4), bytes.count >= 20 else { return nil }
        return (IPProtocol(rawValue: bytes[9]), Array(bytes[20...]))
    }
}
