import Memory
import Testing
import Wire

@testable import Stack

/// A host under test and, in place of its peer, a script: inject this, expect that, at this time.
///
///     let script = Script()
///     try script.listen(80)
///     script.inject("S 0 win 1000 <mss 1000>")
///     script.expect("S. 0 ack 1 win 65535 <mss 1460>")
///     script.inject(". 1 ack 1 win 1000")
///     script.expectNothing()
///
/// Sequence numbers count from each side's initial one. Without timestamps in the configuration the
/// segments are those of the textbook; by default the script turns all options off.
final class Script {
    /// Over which IP the scripts of the running test go.
    @TaskLocal static var family = AddressFamily.inet

    static var hostAddress: IPAddress { address(1) }
    static var peerAddress: IPAddress { address(2) }

    /// The address of a host on the link, by its number.
    static func address(_ number: UInt8) -> IPAddress {
        family == .inet
            ? .v4(10, 7, 0, number) : IPAddress(high: 0xFD07_0000_0000_0000, low: UInt64(number))
    }

    let family = Script.family
    let pools = BufferPools(BufferPools.Plan(byteLimit: 4 << 20))
    var host: Host
    let interface: InterfaceID
    private(set) var now = Instant.zero
    /// The peer's ports and initial sequence number; a script that plays a second peer changes
    /// them.
    var peerPort: UInt16 = 5000
    var hostPort: UInt16 = 80
    var peerISS: UInt32 = 0xFFFF_FF00
    /// The host's, as its SYN told.
    private(set) var hostISS: UInt32 = 0
    var peerTimeToLive: UInt8 = 64
    private var sent: [(time: Instant, segment: Segment)] = []
    private(set) var otherPackets: [[UInt8]] = []

    static var plain: TCPConfiguration {
        var tcp = TCPConfiguration()
        tcp.timestamps = false
        tcp.selectiveAcks = false
        tcp.windowScaling = false
        tcp.receiveBuffer = 65535
        return tcp
    }

    /// - Parameter mtu: Over IPv4. IPv6 gets what its longer header takes, so that segments are of
    ///   one size over both.
    init(_ tcp: TCPConfiguration = Script.plain, mtu: Int = 1500) {
        let mtu = Self.family == .inet ? mtu : mtu + 20
        var configuration = HostConfiguration(seed: (8, 9))
        configuration.tcp = tcp
        host = Host(configuration, pools: pools)
        interface = host.addInterface(
            InterfaceConfiguration(
                name: "ip0", link: .ip, mtu: mtu,
                addresses: [
                    IPPrefix(
                        address: Self.hostAddress, length: Self.family == .inet ? 24 : 64)
                        ?? IPPrefix(host: Self.hostAddress)
                ]))
        // Not the start of time, so that nothing passes by accident.
        now = .zero + .seconds(10)
        host.advance(to: now)
    }

    // MARK: - The application

    func open() -> EndpointID { host.open(.stream, family: family) }

    func listen(_ port: UInt16 = 80, backlog: Int = 4) throws -> EndpointID {
        hostPort = port
        let listener = open()
        try host.bind(listener, to: SocketAddress(address: family.unspecified, port: port))
        try host.listen(listener, backlog: backlog)
        return listener
    }

    func connect(_ port: UInt16 = 5000) throws -> EndpointID {
        peerPort = port
        let endpoint = open()
        do throws(StackError) {
            try host.connect(endpoint, to: SocketAddress(address: Self.peerAddress, port: port))
        } catch .inProgress {
        }
        hostPort = try host.localAddress(of: endpoint).port
        collect()
        return endpoint
    }

    /// A connection that a peer with this window and these options opened, accepted.
    func accept(
        win: UInt16 = 65535, _ options: String = "<mss 1460>", from listener: EndpointID? = nil
    ) throws -> EndpointID {
        let listener = try listener ?? listen()
        inject("S 0 win \(win) \(options)")
        expect("S. 0 ack 1")
        inject(". 1 ack 1 win \(win) \(stamps(options))")
        return try host.accept(listener)
    }

    private func stamps(_ options: String) -> String {
        guard let value = Segment("S 0 " + options).options?.timestamps?.value else { return "" }
        return "<ts \(value) \(hostStamp)>"
    }

    /// The timestamp that the host sent last.
    private(set) var hostStamp: UInt32 = 0

    func send(_ endpoint: EndpointID, _ count: Int) throws {
        let pattern = Pattern.repeated
        let sent = try host.send(endpoint, pattern.span.extracting(first: count))
        #expect(sent == count)
        collect()
    }

    /// Reads what there is, `count` bytes at most; how many those were.
    @discardableResult
    func read(_ endpoint: EndpointID, _ count: Int = 65536) throws -> Int {
        var buffer = [UInt8](repeating: 0, count: count)
        var span = buffer.mutableSpan
        let read = try host.receive(endpoint, into: &span)
        collect()
        return read
    }

    func close(_ endpoint: EndpointID) throws {
        try host.close(endpoint)
        collect()
    }

    func shutdown(_ endpoint: EndpointID) throws {
        try host.shutdownSend(endpoint)
        collect()
    }

    func state(_ endpoint: EndpointID) -> ConnectionState? { host.state(of: endpoint) }

    // MARK: - The peer

    func inject(_ line: String) { inject(Segment(line)) }

    func inject(
        _ segment: Segment, from source: IPAddress = peerAddress,
        to destination: IPAddress = hostAddress, rawOptions: [UInt8]? = nil
    ) {
        let options = absolute(segment.options ?? TCPOptions())
        let optionsCount = rawOptions?.count ?? options.encodedCount
        let count = TCPHeader.byteCount + optionsCount + segment.textCount
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        var sum = InternetChecksum.pseudoHeader(
            source: source, destination: destination, proto: .tcp,
            length: UInt32(count))
        var header = TCPHeader(
            sourcePort: peerPort, destinationPort: hostPort,
            sequence: SequenceNumber(segment.sequence &+ peerISS),
            acknowledgment: SequenceNumber((segment.acknowledgment ?? 0) &+ hostISS),
            headerCount: TCPHeader.byteCount + optionsCount, flags: segment.flags,
            window: segment.window ?? 65535, urgentPointer: segment.urgentPointer ?? 0)
        if segment.acknowledgment == nil { header.acknowledgment = SequenceNumber(0) }
        header.write(to: &span)
        if let rawOptions {
            span.write(rawOptions.span, at: TCPHeader.byteCount)
        } else {
            _ = options.write(to: &span, at: TCPHeader.byteCount)
        }
        let start = Int(segment.sequence &- 1) % Pattern.period
        if segment.textCount > 0 {
            let pattern = Pattern.repeated
            span.write(
                pattern.span.extracting(start..<start + segment.textCount),
                at: TCPHeader.byteCount + optionsCount)
        }
        sum.add(bytes.span)
        header.checksum = sum.value
        span = bytes.mutableSpan
        header.write(to: &span)
        injectIP(.tcp, bytes, from: source, to: destination)
    }

    /// A SYN with these bytes in place of options.
    func injectSyn(rawOptions: [UInt8]) { inject(Segment("S 0"), rawOptions: rawOptions) }

    /// Hands the host an IP packet with this payload.
    func injectIP(
        _ proto: IPProtocol, _ payload: [UInt8], from source: IPAddress = peerAddress,
        to destination: IPAddress = hostAddress
    ) {
        guard let packet = ipPacket(proto, payload, from: source, to: destination) else { return }
        host.receive(packet, on: interface, at: now)
        collect()
    }

    private func ipPacket(
        _ proto: IPProtocol, _ payload: [UInt8], from source: IPAddress,
        to destination: IPAddress
    ) -> Packet? {
        guard var packet = pools.frame(headroom: 64) else { return nil }
        guard let from = source.v4, let to = destination.v4 else {
            packet.extend(IPv6Header.byteCount)
            var head = packet.mutableHead
            IPv6Header(
                payloadCount: UInt16(payload.count), nextHeader: proto,
                hopLimit: peerTimeToLive, source: source.v6, destination: destination.v6
            ).write(to: &head)
            packet.append(payload.span)
            return packet
        }
        packet.extend(IPv4Header.byteCount)
        var head = packet.mutableHead
        IPv4Header(
            totalCount: UInt16(IPv4Header.byteCount + payload.count), identification: 1,
            timeToLive: peerTimeToLive, proto: proto, source: from, destination: to
        ).write(to: &head)
        packet.append(payload.span)
        return packet
    }

    /// Options as they stand in a packet to the host: what counts from a start is made absolute.
    private func absolute(_ options: TCPOptions) -> TCPOptions {
        var absolute = options
        absolute.sackBlocks = SACKBlocks()
        for index in 0..<options.sackBlocks.count {
            let block = options.sackBlocks[index]
            absolute.sackBlocks.append(
                SACKBlock(start: block.start + hostISS, end: block.end + hostISS))
        }
        return absolute
    }

    // MARK: - What the host does

    /// Takes down what the host sends at this moment.
    func collect() {
        host.advance(to: now)
        while let packet = host.nextOutput(on: interface) {
            guard var segment = Segment(packet) else {
                var bytes = [UInt8](repeating: 0, count: packet.count)
                var span = bytes.mutableSpan
                _ = packet.copy(from: 0, into: &span)
                otherPackets.append(bytes)
                continue
            }
            if segment.flags.contains(.syn) { hostISS = segment.sequence }
            if let stamps = segment.options?.timestamps { hostStamp = stamps.value }
            segment.sequence = segment.sequence &- hostISS
            segment.acknowledgment = segment.acknowledgment.map { $0 &- peerISS }
            var options = segment.options ?? TCPOptions()
            let blocks = options.sackBlocks
            options.sackBlocks = SACKBlocks()
            for index in 0..<blocks.count {
                options.sackBlocks.append(
                    SACKBlock(
                        start: blocks[index].start - peerISS, end: blocks[index].end - peerISS))
            }
            segment.options = options
            sent.append((now, segment))
        }
    }

    /// Lets time pass, and with it what the host does of itself.
    func wait(_ interval: Interval) {
        let end = now + interval
        while host.nextDeadline <= end {
            now = max(now, host.nextDeadline)
            collect()
        }
        now = end
        collect()
    }

    /// The next segment that the host sent must be this one, as far as the line says.
    func expect(_ line: String, at location: SourceLocation = #_sourceLocation) {
        guard !sent.isEmpty else {
            Issue.record("nothing was sent in place of \(line)", sourceLocation: location)
            return
        }
        compare(sent.removeFirst().segment, line, location)
    }

    /// The next segment that the host sent.
    func takeSegment() -> Segment? { sent.isEmpty ? nil : sent.removeFirst().segment }

    /// Nothing leaves before `interval` has passed, to the millisecond, and then this.
    func expect(
        _ line: String, after interval: Interval, at location: SourceLocation = #_sourceLocation
    ) {
        expectNothing(at: location)
        let due = now + interval
        while sent.isEmpty, host.nextDeadline <= due + .milliseconds(1) {
            now = max(now, host.nextDeadline)
            collect()
        }
        guard !sent.isEmpty else {
            Issue.record("nothing was sent in place of \(line)", sourceLocation: location)
            return
        }
        let (time, segment) = sent.removeFirst()
        #expect(time >= due - .milliseconds(1), "too early", sourceLocation: location)
        compare(segment, line, location)
    }

    /// Nothing that was not expected was sent, nor is for `interval`.
    func expectNothing(
        for interval: Interval = .zero, at location: SourceLocation = #_sourceLocation
    ) {
        if interval > .zero { wait(interval) }
        for (_, segment) in sent {
            Issue.record("\(segment) was sent", sourceLocation: location)
        }
        sent.removeAll()
    }

    /// Forgets what was sent and not expected; how much that was.
    @discardableResult
    func skipSent() -> Int {
        defer { sent.removeAll() }
        return sent.count
    }

    private func compare(_ segment: Segment, _ line: String, _ location: SourceLocation) {
        let expected = Segment(line)
        let got = segment.reduced(to: expected).description
        #expect(got == expected.description, "\(family)", sourceLocation: location)
    }

    /// Whether every buffer is back in its pool, no connection is left and no timer runs.
    var isClean: Bool {
        let (free, all) = (pools.available, pools.capacity)
        return free.frames == all.frames && free.controls == all.controls
            && free.chunks == all.chunks && host.isIdle
    }

    var isIdle: Bool { host.isIdle }
    var halfOpenCount: Int { host.tcp.halfOpens.count }
    var timeWaitCount: Int { host.tcp.timeWaits.count }
}
