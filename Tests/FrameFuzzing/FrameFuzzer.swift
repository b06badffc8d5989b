import Memory
import Stack
import Wire

/// A host, a link that hands it anything, and an application that does anything.
///
/// Nothing may trap, time must always move on, memory must stay within its pools, and when all is
/// closed and time has passed nothing may be left.
public struct FrameFuzzer: ~Copyable {
    private let focus: FuzzFocus
    let pools: BufferPools
    var host: Host
    let interface: InterfaceID
    var peer = FramePeer()
    private var now = Instant.zero
    let listener: EndpointID
    let datagrams: EndpointID
    var streams: [EndpointID] = []
    /// Frames handed in so far.
    public private(set) var count = 0
    /// The first promise that was broken.
    public internal(set) var problem: String?

    public init(seed: UInt64, _ focus: FuzzFocus = .everything) throws(StackError) {
        self.focus = focus
        let pools = BufferPools(BufferPools.Plan(byteLimit: 1 << 20))
        var configuration = HostConfiguration(seed: (seed, 1))
        configuration.tcp.receiveBuffer = 64 << 10
        configuration.tcp.sendBuffer = 64 << 10
        configuration.tcp.retries = 6
        var host = Host(configuration, pools: pools)
        let address = IPAddress(FramePeer.hostAddress)
        var link = InterfaceConfiguration(
            name: "eth0", link: .ethernet(FramePeer.hostMAC),
            addresses: [
                IPPrefix(address: address, length: 16) ?? IPPrefix(host: address),
                IPPrefix(address: IPAddress(FramePeer.hostIPv6), length: 64),
            ].compactMap { $0 })
        if focus == .autoconfiguration {
            var autoconfiguration = IPv6Autoconfiguration()
            autoconfiguration.temporaryAddresses = true
            link.autoconfiguration = autoconfiguration
            link.detectsDuplicates = true
        }
        interface = host.addInterface(link)
        let endpoints = try Self.open(&host)
        (listener, datagrams) = (endpoints.listener, endpoints.datagrams)
        self.pools = pools
        self.host = host
    }

    private static func open(
        _ host: inout Host
    ) throws(StackError) -> (listener: EndpointID, datagrams: EndpointID) {
        let listener = host.open(.stream, family: .inet6)
        try host.bind(listener, to: SocketAddress(address: .unspecifiedV6, port: 80))
        try host.listen(listener, backlog: 4)
        let datagrams = host.open(.datagram, family: .inet6)
        try host.bind(datagrams, to: SocketAddress(address: .unspecifiedV6, port: 7))
        return (listener, datagrams)
    }

    /// Hands in up to `limit` frames, until the choices are used up or a promise is broken.
    public mutating func run(_ choices: inout Choices, frames limit: Int) {
        while count < limit, !choices.isExhausted, problem == nil {
            var frame = peer.frame(&choices, focus)
            if choices.oneIn(2) { FrameMutation.spoil(&frame, &choices) }
            if choices.oneIn(2) || !choices.oneIn(3) { FrameMutation.repair(&frame) }
            deliver(frame)
            if choices.oneIn(16) { deliver(frame) }
            if choices.oneIn(4) { act(&choices) }
            let waits: [Interval] = [
                .zero, .microseconds(10), .milliseconds(1), .milliseconds(50), .seconds(1),
            ]
            if choices.oneIn(4) { pass(waits[choices.next(below: waits.count)]) }
            if choices.oneIn(2000) { pass(.seconds(100)) }
            settle()
        }
    }

    // MARK: - The link

    mutating func deliver(_ frame: [UInt8]) {
        count += 1
        guard var packet = pools.frame(headroom: 0), frame.count <= packet.tailroom else { return }
        packet.append(frame.span)
        let before = host.counters
        host.receive(packet, on: interface, at: now)
        let after = host.counters
        if after[.packetsReceived] != before[.packetsReceived] + 1 {
            problem = "a packet was not counted"
        } else if before.total + 1 == after.total, !Self.isSilent(frame) {
            problem = "a packet vanished without a word: \(frame)"
        }
    }

    /// Whether a frame may be taken in without being counted beyond its arrival: what only changes
    /// what is known of neighbours, routers and groups, and requests for somebody else.
    private static func isSilent(_ frame: [UInt8]) -> Bool {
        guard frame.count >= 34 else { return false }
        switch (frame[12], frame[13]) {
        case (8, 6): return true
        case (8, 0): return frame[23] == IPProtocol.igmp.rawValue
        case (0x86, 0xDD) where frame.count > 54:
            var (proto, start) = (frame[20], 54)
            if proto == 0 || proto == 60 { (proto, start) = (frame[54], 62 + Int(frame[55]) * 8) }
            guard proto == IPProtocol.icmpv6.rawValue, start < frame.count else { return false }
            return (130...137).contains(frame[start]) || frame[start] == 143
        default: return false
        }
    }

    mutating func settle() {
        for _ in 0..<4 {
            host.advance(to: now)
            while let packet = host.nextOutput(on: interface) {
                var bytes = [UInt8](repeating: 0, count: packet.count)
                var span = bytes.mutableSpan
                _ = packet.copy(from: 0, into: &span)
                peer.note(bytes)
            }
            while host.nextReady() != nil {}
            if host.nextDeadline > now { return }
        }
        problem = "the deadline does not move on at \(now.nanoseconds) ns"
    }

    mutating func pass(_ interval: Interval) {
        let end = now + interval
        var steps = 0
        while host.nextDeadline <= end, problem == nil {
            now = max(now, host.nextDeadline)
            settle()
            steps += 1
            if steps > 100_000 { problem = "100,000 timers in \(interval.milliseconds) ms" }
        }
        now = end
    }

    // MARK: - The application

    private mutating func act(_ choices: inout Choices) {
        var sink = [UInt8](repeating: 0, count: 8192)
        let bytes = [UInt8](repeating: 4, count: 1600)
        do throws(StackError) {
            switch choices.next(below: 10) {
            case 0, 1:
                streams.append(try host.accept(listener))
            case 2:
                try connect(&choices)
            case 3:
                var span = sink.mutableSpan
                _ = try host.receiveDatagram(datagrams, into: &span)
            case 4:
                let port = UInt16(choices.next(below: 3))
                let peer =
                    choices.oneIn(2)
                    ? IPAddress(FramePeer.peerAddress) : IPAddress(FramePeer.peerIPv6)
                try host.send(
                    datagrams, bytes.span.extracting(first: choices.next(below: 1600)),
                    to: SocketAddress(address: peer, port: port))
            case 5:
                try joinOrLeave(&choices)
            default:
                try use(&choices)
            }
        } catch {
            // Whatever is refused is refused.
        }
        if streams.count > 12 { close(0) }
    }

    private mutating func connect(_ choices: inout Choices) throws(StackError) {
        let isIPv6 = choices.oneIn(2)
        let endpoint = host.open(.stream, family: isIPv6 ? .inet6 : .inet)
        streams.append(endpoint)
        let number = UInt8(choices.next(below: 2))
        let target =
            isIPv6
            ? IPAddress(high: FramePeer.peerIPv6.high, low: UInt64(2 + number))
            : .v4(10, 7, 0, 2 + number)
        try host.connect(endpoint, to: SocketAddress(address: target, port: 5000))
    }

    private mutating func joinOrLeave(_ choices: inout Choices) throws(StackError) {
        let group = FramePeer.groups[choices.next(below: FramePeer.groups.count)]
        let source = choices.oneIn(3) ? FramePeer.source(like: group) : nil
        if choices.oneIn(3) {
            try host.leaveGroup(datagrams, group, on: interface, source: source)
        } else {
            try host.joinGroup(datagrams, group, on: interface, source: source)
        }
    }

    private mutating func use(_ choices: inout Choices) throws(StackError) {
        guard !streams.isEmpty else { return }
        let number = choices.next(below: streams.count)
        let endpoint = streams[number]
        var sink = [UInt8](repeating: 0, count: 8192)
        let bytes = [UInt8](repeating: 4, count: 8192)
        switch choices.next(below: 12) {
        case 0, 1, 2, 3:
            var span = sink.mutableSpan
            _ = try host.receive(endpoint, into: &span)
        case 4, 5, 6, 7:
            let piece = bytes.span.extracting(first: choices.next(below: bytes.count))
            _ = try host.send(endpoint, piece)
        case 8: try host.shutdownSend(endpoint)
        case 9: try host.setKeepalive(endpoint, choices.oneIn(2))
        case 10: try host.setNoDelay(endpoint, choices.oneIn(2))
        default: close(number)
        }
    }

    mutating func close(_ number: Int) {
        do throws(StackError) {
            let endpoint = streams.remove(at: number)
            try host.close(endpoint)
        } catch {
            problem = "an endpoint cannot be closed"
        }
    }

    // MARK: - The end

    /// Closes everything and lets time pass; what is wrong then, nil if nothing.
    public mutating func finish() -> String? {
        while !streams.isEmpty { close(0) }
        do throws(StackError) {
            try host.close(listener)
            try host.close(datagrams)
        } catch {
            return "an endpoint cannot be closed"
        }
        settle()
        pass(.seconds(4000))
        if let problem { return problem }
        let (free, all) = (pools.available, pools.capacity)
        if free.frames != all.frames || free.controls != all.controls || free.chunks != all.chunks {
            return "memory is left: \(all.frames - free.frames) frames, "
                + "\(all.controls - free.controls) controls, \(all.chunks - free.chunks) chunks"
        }
        // Addresses that a router gave have their timers.
        let isQuiet = host.nextDeadline == .never || focus == .autoconfiguration
        return isQuiet ? nil : "a timer is left"
    }

    /// Drops by reason, and what else happened.
    public var counters: Counters { host.counters }
}

extension Counters {
    /// All that was counted, dropped or not.
    fileprivate var total: UInt64 {
        Event.allCases.reduce(dropped) { $0 &+ self[$1] }
    }
}
