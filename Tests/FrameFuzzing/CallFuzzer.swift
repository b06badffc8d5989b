import Memory
import Stack
import Wire

/// Two hosts and any calls on their sockets, in any state, with descriptors that never were and
/// addresses that make no sense. Whatever is refused is refused; nothing may trap or be left.
struct CallFuzzer: ~Copyable {
    private static let addresses = [
        "10.0.0.1", "10.0.0.2", "10.0.0.3", "0.0.0.0", "127.0.0.1", "255.255.255.255", "224.0.0.1",
        "::", "::1", "fe80::1", "192.0.2.1",
    ].compactMap { IPAddress($0) }

    private let pools: BufferPools
    private var hosts: Pair
    private var now = Instant.zero + .seconds(1)
    private var endpoints: [(side: Int, id: EndpointID)] = []
    private static let buffer = [UInt8](repeating: 5, count: 70_000)

    /// Hosts stand in no array.
    private struct Pair: ~Copyable {
        var left: Host
        var right: Host

        subscript(side: Int) -> Host {
            _read { if side == 0 { yield left } else { yield right } }
            _modify { if side == 0 { yield &left } else { yield &right } }
        }
    }

    private init() {
        let pools = BufferPools(BufferPools.Plan(byteLimit: 1 << 20))
        self.pools = pools
        hosts = Pair(left: Self.host(1, pools), right: Self.host(2, pools))
    }

    private static func host(_ number: UInt8, _ pools: BufferPools) -> Host {
        var configuration = HostConfiguration(seed: (UInt64(number), 7))
        configuration.tcp.receiveBuffer = 64 << 10
        configuration.tcp.sendBuffer = 64 << 10
        configuration.tcp.retries = 5
        configuration.ephemeralPorts = 50_000...50_015
        var host = Host(configuration, pools: pools)
        let address = IPAddress.v4(10, 0, 0, number)
        host.addInterface(
            InterfaceConfiguration(
                name: "ip0", link: .ip,
                addresses: [IPPrefix(address: address, length: 24) ?? IPPrefix(host: address)]))
        return host
    }

    static func problem(with bytes: [UInt8]) -> String? {
        var fuzzer = CallFuzzer()
        var choices = Choices(bytes: bytes)
        while !choices.isExhausted {
            fuzzer.call(&choices)
            if choices.oneIn(4) { fuzzer.exchange(loses: choices.oneIn(8)) }
            if choices.oneIn(8) {
                let waits: [Interval] = [.milliseconds(1), .milliseconds(300), .seconds(70)]
                fuzzer.pass(waits[choices.next(below: 3)])
            }
        }
        return fuzzer.finish()
    }

    // MARK: - The wire

    private mutating func exchange(loses: Bool = false) {
        let interface = InterfaceID(rawValue: 1)
        for _ in 0..<64 {
            var isQuiet = true
            for side in 0..<2 {
                hosts[side].advance(to: now)
                while let packet = hosts[side].nextOutput(on: interface) {
                    isQuiet = false
                    if !loses { hosts[1 - side].receive(packet, on: interface, at: now) }
                }
                while hosts[side].nextReady() != nil {}
            }
            if isQuiet { return }
        }
    }

    private mutating func pass(_ interval: Interval) {
        let end = now + interval
        for _ in 0..<10_000 {
            exchange()
            let next = min(hosts[0].nextDeadline, hosts[1].nextDeadline)
            guard next <= end else { break }
            now = max(now, next)
        }
        now = end
        exchange()
    }

    // MARK: - The calls

    private mutating func call(_ choices: inout Choices) {
        do throws(StackError) {
            if endpoints.isEmpty || choices.oneIn(6) {
                try open(&choices)
            } else {
                let number = choices.next(below: endpoints.count)
                try use(number, &choices)
            }
        } catch {
            // Refused, as it should be.
        }
    }

    private mutating func open(_ choices: inout Choices) throws(StackError) {
        guard endpoints.count < 24 else { return }
        let side = choices.next(below: 2)
        let kind: EndpointKind = choices.oneIn(3) ? .datagram : .stream
        endpoints.append((side, hosts[side].open(kind)))
    }

    private func address(_ choices: inout Choices) -> SocketAddress {
        let ports: [UInt16] = [80, 81, 7, 50_000, 50_001, 0, 65_535]
        // The two hosts are meant most of the time.
        let few = choices.oneIn(4) ? Self.addresses.count : 2
        return SocketAddress(
            address: Self.addresses[choices.next(below: few)],
            port: ports[choices.next(below: ports.count)])
    }

    private func size(_ choices: inout Choices) -> Int {
        let sizes = [0, 1, 100, 1472, 1473, 20_000, 65_507, 65_508, 70_000]
        return sizes[choices.next(below: sizes.count)]
    }

    private mutating func use(_ number: Int, _ choices: inout Choices) throws(StackError) {
        let (side, id) = endpoints[number]
        // What is closed stays in the list now and then, so that it is used again.
        switch choices.next(below: 20) {
        case 0:
            let local = address(&choices)
            try hosts[side].bind(id, to: local)
        case 1: try hosts[side].listen(id, backlog: choices.next(below: 5) - 1)
        case 2, 3:
            let remote = address(&choices)
            try hosts[side].connect(id, to: remote)
        case 4, 5: endpoints.append((side, try hosts[side].accept(id)))
        case 6, 7:
            _ = try hosts[side].send(id, Self.buffer.span.extracting(first: size(&choices)))
        case 8:
            let (count, remote) = (size(&choices), address(&choices))
            try hosts[side].send(id, Self.buffer.span.extracting(first: count), to: remote)
        case 9:
            try hosts[side].send(id, Self.buffer.span.extracting(first: size(&choices)), to: nil)
        case 10, 11:
            var space = [UInt8](repeating: 0, count: size(&choices))
            var span = space.mutableSpan
            _ = try hosts[side].receive(id, into: &span)
        case 12:
            var space = [UInt8](repeating: 0, count: size(&choices))
            var span = space.mutableSpan
            _ = try hosts[side].receiveDatagram(id, into: &span)
        case 13: try hosts[side].shutdownSend(id)
        case 14: try set(side, id, &choices)
        case 15: try ask(side, id)
        case 16:
            _ = try hosts[side].sendUrgent(id, Self.buffer.span.extracting(first: size(&choices)))
        case 17:
            _ = try hosts[side].isAtMark(id)
            _ = try hosts[side].receiveUrgent(id)
        default:
            if !choices.oneIn(4) { endpoints.remove(at: number) }
            try hosts[side].close(id)
        }
    }

    private mutating func set(
        _ side: Int, _ id: EndpointID, _ choices: inout Choices
    ) throws(StackError) {
        let isOn = choices.oneIn(2)
        switch choices.next(below: 6) {
        case 0: try hosts[side].setNoDelay(id, isOn)
        case 1: try hosts[side].setKeepalive(id, isOn)
        case 2: try hosts[side].setAbortsOnClose(id, isOn)
        case 3: try hosts[side].setQuickAcks(id, isOn)
        default: try choose(side, id, &choices)
        }
    }

    /// Options of a stream, each with a value in its range or out of it.
    private mutating func choose(
        _ side: Int, _ id: EndpointID, _ choices: inout Choices
    ) throws(StackError) {
        var options = try hosts[side].streamOptions(of: id)
        let number = choices.next(below: 140) - 2
        switch choices.next(below: 10) {
        case 0: options.userTimeout = number < 0 ? nil : .milliseconds(number * number)
        case 1: options.keepaliveIdle = .seconds(number)
        case 2: options.keepaliveInterval = .seconds(number)
        case 3: options.keepaliveProbes = number
        case 4: options.synRetries = number
        case 5: options.finTimeout = number < 0 ? nil : .seconds(number)
        case 6: options.maximumSegmentSize = number < 0 ? nil : number * number
        case 7: options.linger = number < 0 ? nil : .seconds(number / 8)
        case 8: options.isCorked.toggle()
        default: options.isUrgentInline.toggle()
        }
        try hosts[side].setStreamOptions(options, of: id)
    }

    private mutating func ask(_ side: Int, _ id: EndpointID) throws(StackError) {
        _ = try hosts[side].readiness(of: id)
        _ = try hosts[side].localAddress(of: id)
        _ = try hosts[side].takeError(of: id)
        _ = try hosts[side].remoteAddress(of: id)
    }

    // MARK: - The end

    private mutating func finish() -> String? {
        for (side, id) in endpoints {
            do throws(StackError) { try hosts[side].close(id) } catch { continue }
        }
        hosts[0].abortAll()
        hosts[1].abortAll()
        pass(.seconds(4000))
        let (free, all) = (pools.available, pools.capacity)
        if free.frames != all.frames || free.controls != all.controls || free.chunks != all.chunks {
            return "memory is left: \(all.frames - free.frames) frames, "
                + "\(all.controls - free.controls) controls, \(all.chunks - free.chunks) chunks"
        }
        if hosts[0].sockets.count + hosts[1].sockets.count > 0 { return "a socket is left" }
        return nil
    }
}
