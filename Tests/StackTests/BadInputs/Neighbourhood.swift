import FrameFuzzing
import Memory
import Testing
import Wire

@testable import Stack

/// A host that is attacked, a friend with whom it has a connection, and the link between them.
///
/// The attacker is the test: it hands the host any frame, and sees what goes to it or to all.
final class Neighbourhood {
    static let hostMAC = MACAddress(2, 0, 0, 0, 0, 1)
    static let attackerMAC = MACAddress(2, 0, 0, 0, 0, 2)
    static let friendMAC = MACAddress(2, 0, 0, 0, 0, 3)
    static let hostAddress = IPAddress.v4(10, 7, 0, 1)
    static let attackerAddress = IPAddress.v4(10, 7, 0, 2)
    static let friendAddress = IPAddress.v4(10, 7, 0, 3)
    static let interface = InterfaceID(rawValue: 1)

    /// The host's alone, so that what it loses shows.
    let pools: BufferPools
    var host: Host
    private let friendPools = BufferPools(BufferPools.Plan(byteLimit: 1 << 20))
    private var friend: Host
    private(set) var now = Instant.zero + .seconds(10)
    /// What the attacker got to see since it last looked.
    private(set) var seen: [[UInt8]] = []
    private(set) var peer = FramePeer()

    let listener: EndpointID
    let datagrams: EndpointID
    private var hostEnd: EndpointID
    private let friendEnd: EndpointID
    /// What the host's application took besides the friend's connection.
    var others: [EndpointID] = []

    init(memoryLimit: Int = 4 << 20, _ tcp: TCPConfiguration = TCPConfiguration()) throws {
        var tcp = tcp
        tcp.retries = min(tcp.retries, 6)
        let pools = BufferPools(BufferPools.Plan(byteLimit: memoryLimit))
        var host = Self.host(
            Self.hostMAC, [Self.hostAddress, IPAddress.v6("fd07::1")], pools, tcp)
        var friend = Self.host(
            Self.friendMAC, [Self.friendAddress, IPAddress.v6("fd07::3")], friendPools, tcp)
        listener = try Self.listen(&host, 80)
        datagrams = host.open(.datagram, family: .inet6)
        try host.bind(datagrams, to: SocketAddress(address: .unspecifiedV6, port: 7))
        friendEnd = friend.open(.stream)
        do throws(StackError) {
            try friend.connect(friendEnd, to: SocketAddress(address: Self.hostAddress, port: 80))
        } catch .inProgress {
        }
        hostEnd = friendEnd
        self.pools = pools
        self.host = host
        self.friend = friend
        settle()
        hostEnd = try self.host.accept(listener)
    }

    private static func host(
        _ mac: MACAddress, _ addresses: [IPAddress], _ pools: BufferPools, _ tcp: TCPConfiguration
    ) -> Host {
        var configuration = HostConfiguration(seed: (mac.rawValue, 1))
        configuration.tcp = tcp
        var host = Host(configuration, pools: pools)
        host.addInterface(
            InterfaceConfiguration(
                name: "eth0", link: .ethernet(mac),
                addresses: addresses.compactMap { address in
                    IPPrefix(address: address, length: address.isIPv4 ? 16 : 64)
                }))
        return host
    }

    private static func listen(_ host: inout Host, _ port: UInt16) throws -> EndpointID {
        let listener = host.open(.stream, family: .inet6)
        try host.bind(listener, to: SocketAddress(address: .unspecifiedV6, port: port))
        try host.listen(listener, backlog: 16)
        return listener
    }

    // MARK: - The link

    /// The attacker sends a frame.
    func inject(_ frame: [UInt8], settles: Bool = true) {
        // What no buffer can hold, no device hands in.
        guard var packet = pools.frame(headroom: 0), frame.count <= packet.tailroom else { return }
        packet.append(frame.span)
        host.receive(packet, on: Self.interface, at: now)
        if settles { settle() }
    }

    /// Lets the host and its friend talk until they have nothing to say.
    func settle() {
        for _ in 0..<100 {
            host.advance(to: now)
            friend.advance(to: now)
            var isQuiet = true
            while let packet = host.nextOutput(on: Self.interface) {
                isQuiet = false
                let bytes = bytes(of: packet)
                let isForAll = bytes[0] & 1 == 1
                if isForAll || bytes[5] == 3 { give(bytes, to: &friend, friendPools) }
                if isForAll || bytes[5] != 3 { note(bytes) }
            }
            while let packet = friend.nextOutput(on: Self.interface) {
                isQuiet = false
                give(bytes(of: packet), to: &host, pools)
            }
            while host.nextReady() != nil {}
            while friend.nextReady() != nil {}
            if isQuiet { return }
        }
        Issue.record("the host and its friend do not come to rest")
    }

    private func bytes(of packet: borrowing Packet) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: packet.count)
        var span = bytes.mutableSpan
        _ = packet.copy(from: 0, into: &span)
        return bytes
    }

    private func give(_ bytes: [UInt8], to host: inout Host, _ pools: BufferPools) {
        guard var packet = pools.frame(headroom: 0) else { return }
        packet.append(bytes.span)
        host.receive(packet, on: Self.interface, at: now)
    }

    private func note(_ bytes: [UInt8]) {
        peer.note(bytes)
        if seen.count < 10_000 { seen.append(bytes) }
    }

    func takeSeen() -> [[UInt8]] {
        defer { seen = [] }
        return seen
    }

    func wait(_ interval: Interval) {
        let end = now + interval
        settle()
        while true {
            let next = min(host.nextDeadline, friend.nextDeadline)
            guard next <= end else { break }
            now = max(now, next)
            settle()
        }
        now = end
        settle()
    }

    // MARK: - What must still work

    /// Sends bytes both ways over the friend's connection.
    func friendIsServed() -> Bool {
        let sent = (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        do throws(StackError) {
            guard try friend.send(friendEnd, sent.span) == sent.count else { return false }
            wait(.milliseconds(50))
            var span = buffer.mutableSpan
            var count = try host.receive(hostEnd, into: &span)
            guard count == sent.count, buffer[..<count] == sent[...] else { return false }
            guard try host.send(hostEnd, sent.span) == sent.count else { return false }
            wait(.milliseconds(50))
            span = buffer.mutableSpan
            count = try friend.receive(friendEnd, into: &span)
            return count == sent.count && buffer[..<count] == sent[...]
        } catch {
            return false
        }
    }

    /// The attacker, behaving for once, asks for an echo.
    func answersPing() -> Bool {
        inject(announcement())
        _ = takeSeen()
        let before = host.counters[.icmpEchoesAnswered]
        var request: [UInt8] = [8, 0, 0, 0, 0x77, 0x77, 0, 1] + [UInt8](repeating: 9, count: 48)
        var span = request.mutableSpan
        ICMPHeader(type: .echoRequest, rest: 0x7777_0001).write(toMessage: &span)
        inject(packet(.icmp, request))
        return host.counters[.icmpEchoesAnswered] == before + 1
            && takeSeen().contains { $0.count == 14 + 20 + 56 && $0[23] == 1 && $0[34] == 0 }
    }

    /// The attacker says where it is.
    private func announcement() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: ARPMessage.byteCount)
        var span = bytes.mutableSpan
        ARPMessage(
            operation: .request, senderHardwareAddress: Self.attackerMAC,
            senderProtocolAddress: IPv4Address(10, 7, 0, 2),
            targetHardwareAddress: MACAddress(0),
            targetProtocolAddress: IPv4Address(10, 7, 0, 1)
        ).write(to: &span)
        return frame(.arp, bytes)
    }

    /// The rest of the world is behind the attacker.
    func makeAttackerRouter() throws {
        inject(announcement())
        try host.addRoute(
            Route(
                to: IPPrefix("0.0.0.0/0") ?? IPPrefix(host: .unspecifiedV4),
                through: Self.attackerAddress, on: Self.interface))
    }

    func frame(
        _ type: EtherType, _ payload: [UInt8], to destination: MACAddress = hostMAC
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: EthernetHeader.byteCount)
        var span = bytes.mutableSpan
        EthernetHeader(destination: destination, source: Self.attackerMAC, etherType: type)
            .write(to: &span)
        return bytes + payload
    }

    func packet(
        _ proto: IPProtocol, _ payload: [UInt8], from source: IPv4Address = IPv4Address(10, 7, 0, 2)
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: IPv4Header.byteCount)
        var span = bytes.mutableSpan
        IPv4Header(
            totalCount: UInt16(IPv4Header.byteCount + payload.count), identification: 1,
            proto: proto, source: source, destination: IPv4Address(10, 7, 0, 1)
        ).write(to: &span)
        return frame(.ipv4, bytes + payload)
    }

    /// A segment of the attacker, its sums right.
    func segment(
        _ flags: TCPFlags, from source: IPv4Address = IPv4Address(10, 7, 0, 2), port: UInt16,
        sequence: UInt32 = 0, acknowledgment: UInt32 = 0, window: UInt16 = 65535,
        options: [UInt8] = [], text: [UInt8] = []
    ) -> [UInt8] {
        var bytes =
            [UInt8](repeating: 0, count: TCPHeader.byteCount) + options + text
        var span = bytes.mutableSpan
        TCPHeader(
            sourcePort: port, destinationPort: 80, sequence: SequenceNumber(sequence),
            acknowledgment: SequenceNumber(acknowledgment),
            headerCount: TCPHeader.byteCount + options.count, flags: flags, window: window
        ).write(to: &span)
        var frame = packet(.tcp, bytes, from: source)
        FrameMutation.repair(&frame)
        return frame
    }

    /// The handshake of the attacker's port 5000, from sequence number 0.
    func connect(withTimestamps: Bool = false) throws {
        let stamps: [UInt8] = withTimestamps ? [4, 2, 8, 10, 0, 0x0F, 0x42, 0x40, 0, 0, 0, 0] : []
        inject(announcement())
        inject(segment(.syn, port: 5000, options: [2, 4, 5, 0xB4] + stamps))
        var ack = segment(
            .ack, port: 5000, options: withTimestamps ? [1, 1] + stamps.dropFirst(2) : [])
        rebase(&ack)
        inject(ack)
        others.append(try host.accept(listener))
        _ = takeSeen()
    }

    /// Makes sequence numbers that count from the attacker's last connection absolute.
    func rebase(_ frame: inout [UInt8]) {
        peer.rebase(&frame)
        FrameMutation.repair(&frame)
    }

    // MARK: - The end

    /// Closes everything and lets time pass; what is left then, nil if nothing.
    func leftovers() throws -> String? {
        for endpoint in others { try host.close(endpoint) }
        try host.close(hostEnd)
        try friend.close(friendEnd)
        while let endpoint = try? host.accept(listener) { try host.close(endpoint) }
        try host.close(listener)
        try host.close(datagrams)
        wait(.seconds(4000))
        let (free, all) = (pools.available, pools.capacity)
        if free.frames != all.frames || free.controls != all.controls || free.chunks != all.chunks {
            return "frames \(all.frames - free.frames), controls \(all.controls - free.controls), "
                + "chunks \(all.chunks - free.chunks), \(host.leftovers)"
        }
        return host.sockets.isEmpty ? nil : host.leftovers
    }
}

extension IPAddress {
    /// An address that a test writes down.
    static func v6(_ text: String) -> IPAddress {
        guard let address = IPAddress(text) else { preconditionFailure("no address: \(text)") }
        return address
    }
}
