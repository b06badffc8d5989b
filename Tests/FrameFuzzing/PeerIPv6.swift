import Memory
import Stack
import Wire

/// What a fuzzed host hears over IPv6, from neighbours, routers and strangers.
extension FramePeer {
    static let hostIPv6 = IPv6Address(high: 0xFD07 << 48, low: 1)
    static let peerIPv6 = IPv6Address(high: 0xFD07 << 48, low: 2)
    static let routerIPv6 = IPv6Address(high: 0xFE80 << 48, low: 0xFE)
    static let allNodes = IPv6Address(high: 0xFF02 << 48, low: 1)

    static let groups = [
        "239.1.1.1", "232.1.1.1", "224.0.0.251", "ff05::1:3", "ff35::1", "ff02::fb",
    ]
    .compactMap { IPAddress($0) }

    static func source(like group: IPAddress) -> IPAddress {
        group.isIPv4 ? IPAddress(peerAddress) : IPAddress(peerIPv6)
    }

    /// A packet with its checksum right, in a frame.
    func ipv6Packet(
        _ proto: IPProtocol, _ payload: [UInt8], from source: IPv6Address,
        to destination: IPv6Address, hopLimit: UInt8 = 255
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: IPv6Header.byteCount)
        var span = bytes.mutableSpan
        IPv6Header(
            payloadCount: UInt16(truncatingIfNeeded: payload.count), nextHeader: proto,
            hopLimit: hopLimit, source: source, destination: destination
        ).write(to: &span)
        var frame = header(.ipv6) + bytes + payload
        if destination.isMulticast {
            frame.replaceSubrange(0..<2, with: [0x33, 0x33])
            for index in 0..<4 {
                frame[2 + index] = UInt8(truncatingIfNeeded: destination.low >> (24 - 8 * index))
            }
        }
        FrameMutation.repair(&frame)
        return frame
    }

    private func address(_ choices: inout Choices) -> IPv6Address {
        let known = [
            Self.peerIPv6, Self.hostIPv6, Self.routerIPv6, Self.allNodes,
            Self.hostIPv6.solicitedNode, IPv6Address(high: 0, low: 0),
            IPv6Address(high: 0xFE80 << 48, low: 0x00FF_FE00_0001 | 0x0200 << 48),
            IPv6Address(high: 0x2001_0DB8 << 32, low: 9),
        ]
        if choices.oneIn(8) {
            return IPv6Address(high: 0xFD07 << 48, low: UInt64(choices.next(below: 2000)))
        }
        return known[choices.next(below: known.count)]
    }

    func ipv6(_ choices: inout Choices) -> [UInt8] {
        let (from, to) = (Self.peerIPv6, Self.hostIPv6)
        switch choices.next(below: 14) {
        case 0:
            return ipv6Packet(.icmpv6, [128] + echo(&choices).dropFirst(), from: from, to: to)
        case 1: return ipv6Error(&choices)
        case 2: return ipv6Packet(.udp, datagram(&choices), from: from, to: to)
        case 3: return ipv6Packet(.tcp, syn(&choices), from: from, to: to)
        case 4: return ipv6Fragment(&choices)
        case 5, 6: return chain(&choices)
        case 7, 8: return neighbourDiscovery(&choices)
        case 9, 10: return routerMessage(&choices)
        case 11: return mld(&choices)
        default:
            let protos: [IPProtocol] = [.icmpv6, .udp, .tcp, IPProtocol(rawValue: 59)]
            let bytes = (0..<choices.next(below: 60)).map { _ in UInt8(choices.next(below: 256)) }
            return ipv6Packet(
                protos[choices.next(below: protos.count)], bytes, from: address(&choices),
                to: address(&choices))
        }
    }

    private func ipv6Error(_ choices: inout Choices) -> [UInt8] {
        let type = UInt8(1 + choices.next(below: 5))
        let mtus: [UInt32] = [0, 68, 1279, 1280, 1400, 65536, .max]
        let mtu = mtus[choices.next(below: mtus.count)]
        let rest = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: mtu >> UInt32($0)) }
        let count = choices.oneIn(4) ? choices.next(below: 100) : 100
        return ipv6Packet(
            .icmpv6,
            [type, UInt8(choices.next(below: 8)), 0, 0] + rest + lastIPv6Packet.prefix(count),
            from: address(&choices), to: Self.hostIPv6)
    }

    /// Extension headers in any order, with options that are unknown, and a datagram behind them.
    private func chain(_ choices: inout Choices) -> [UInt8] {
        let kinds: [UInt8] = [0, 43, 60, 51, 135, 44, 59]
        var payload = datagram(&choices)
        var proto = IPProtocol.udp.rawValue
        for _ in 0..<choices.next(below: choices.oneIn(8) ? 20 : 4) {
            let kind = kinds[choices.next(below: kinds.count)]
            let options: [[UInt8]] = [
                [1, 4, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [5, 2, 0, 0, 1, 0],
                [0x1E, 4, 0, 0, 0, 0], [0x5E, 4, 0, 0, 0, 0], [0x9E, 4, 0, 0, 0, 0],
                [0xDE, 4, 0, 0, 0, 0], [0xC2, 4, 0, 1, 0, 0], [1, 200, 0, 0, 0, 0],
                [UInt8(choices.next(below: 256)), UInt8(choices.next(below: 256)), 0, 0, 0, 0],
            ]
            let length = choices.oneIn(8) ? UInt8(choices.next(below: 256)) : 0
            payload = [proto, length] + options[choices.next(below: options.count)] + payload
            proto = kind
        }
        return ipv6Packet(
            IPProtocol(rawValue: proto), payload, from: address(&choices), to: Self.hostIPv6)
    }

    /// Options of neighbour discovery: link addresses, prefixes, an MTU, nonsense.
    private func options(_ choices: inout Choices) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<choices.next(below: 4) {
            switch choices.next(below: 7) {
            case 0: bytes += [1, 1, 2, 0, 0, 0, 0, UInt8(choices.next(below: 4))]
            case 1: bytes += [2, 1, 2, 0, 0, 0, 0, UInt8(choices.next(below: 4))]
            case 2, 3:
                let times: [[UInt8]] = [
                    [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 14, 16], [255, 255, 255, 255],
                ]
                let lengths: [UInt8] = [64, 64, 64, 0, 48, 128, 129]
                bytes += [3, 4, lengths[choices.next(below: 7)], choices.oneIn(4) ? 0 : 0xC0]
                bytes += times[choices.next(below: 4)] + times[choices.next(below: 4)]
                bytes += [0, 0, 0, 0, 0xFD, UInt8(choices.next(below: 20))]
                bytes += [UInt8](repeating: 0, count: 14)
            case 4:
                let mtus: [[UInt8]] = [
                    [0, 0, 0, 0], [0, 0, 5, 0], [0, 0, 5, 220], [255, 255, 255, 255],
                ]
                bytes += [5, 1, 0, 0] + mtus[choices.next(below: 4)]
            case 5: bytes += [14, 1, 1, 2, 3, 4, 5, 6]
            default:
                bytes += [UInt8(choices.next(below: 256)), UInt8(choices.next(below: 4)), 0, 0]
                bytes += [0, 0, 0, 0]
            }
        }
        return bytes
    }

    private func bytes(of address: IPv6Address) -> [UInt8] {
        [address.high, address.low].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
        }
    }

    private func hopLimit(_ choices: inout Choices) -> UInt8 { choices.oneIn(16) ? 64 : 255 }

    /// Solicitations and advertisements of neighbours, and redirects.
    func neighbourDiscovery(_ choices: inout Choices) -> [UInt8] {
        let kind = choices.next(below: 5)
        let target = bytes(of: address(&choices))
        var message: [UInt8]
        switch kind {
        case 0, 1: message = [135, 0, 0, 0, 0, 0, 0, 0] + target
        case 2, 3: message = [136, 0, 0, 0, UInt8(choices.next(below: 8)) << 5, 0, 0, 0] + target
        default: message = [137, 0, 0, 0, 0, 0, 0, 0] + target + bytes(of: address(&choices))
        }
        message += options(&choices)
        return ipv6Packet(
            .icmpv6, message, from: address(&choices), to: address(&choices),
            hopLimit: hopLimit(&choices))
    }

    /// Advertisements of routers, and what else concerns the host's own addresses.
    func routerMessage(_ choices: inout Choices) -> [UInt8] {
        if choices.oneIn(5) { return neighbourDiscovery(&choices) }
        let lifetimes: [[UInt8]] = [[0, 0], [0, 1], [7, 8], [255, 255]]
        let isSolicitation = choices.oneIn(16)
        var message: [UInt8] = [isSolicitation ? 133 : 134, 0, 0, 0]
        message += [UInt8(choices.next(below: 256)), UInt8(choices.next(below: 256))]
        message += lifetimes[choices.next(below: 4)]
        if !isSolicitation {
            message += [0, 0, UInt8(choices.next(below: 256)), 0]
            message += [0, 0, UInt8(choices.next(below: 256)), 0]
        }
        message += options(&choices)
        let router = IPv6Address(high: 0xFE80 << 48, low: 0xFE + UInt64(choices.next(below: 12)))
        return ipv6Packet(
            .icmpv6, message, from: choices.oneIn(8) ? address(&choices) : router,
            to: choices.oneIn(4) ? address(&choices) : Self.allNodes,
            hopLimit: hopLimit(&choices))
    }

    func mld(_ choices: inout Choices) -> [UInt8] {
        let groups = Self.groups.filter { !$0.isIPv4 }.map(\.v6)
        let group = choices.oneIn(3) ? IPv6Address(high: 0, low: 0) : groups[choices.next(below: 3)]
        let kinds: [UInt8] = [130, 130, 130, 131, 132, 143]
        var message: [UInt8] = [kinds[choices.next(below: 6)], 0, 0, 0]
        message += [UInt8(choices.next(below: 256)), UInt8(choices.next(below: 256)), 0, 0]
        message += bytes(of: group)
        if choices.oneIn(2) {
            let count = choices.next(below: 4)
            message += [2, 125, 0, UInt8(count)]
            for _ in 0..<count { message += bytes(of: address(&choices)) }
        }
        // A router alert in front, as it has to be.
        let alert: [UInt8] = [IPProtocol.icmpv6.rawValue, 0, 5, 2, 0, 0, 1, 0]
        let isAlerting = !choices.oneIn(8)
        return ipv6Packet(
            isAlerting ? .hopByHopOptions : .icmpv6, (isAlerting ? alert : []) + message,
            from: choices.oneIn(4) ? address(&choices) : Self.routerIPv6,
            to: choices.oneIn(2) ? group : Self.allNodes, hopLimit: choices.oneIn(8) ? 255 : 1)
    }

    func igmp(_ choices: inout Choices) -> [UInt8] {
        let groups: [[UInt8]] = [
            [0, 0, 0, 0], [239, 1, 1, 1], [232, 1, 1, 1], [224, 0, 0, 251],
        ]
        let kinds: [UInt8] = [0x11, 0x11, 0x11, 0x12, 0x16, 0x17, 0x22]
        var message = [kinds[choices.next(below: 7)], UInt8(choices.next(below: 256)), 0, 0]
        message += groups[choices.next(below: 4)]
        if choices.oneIn(2) {
            let count = choices.next(below: 4)
            message += [2, 125, 0, UInt8(count)]
            for _ in 0..<count { message += [10, 7, 0, UInt8(choices.next(below: 4))] }
        }
        var frame = packet(.igmp, message, &choices)
        let group = groups[choices.next(below: 4)]
        frame.replaceSubrange(30..<34, with: group[0] == 0 ? [224, 0, 0, 1] : group)
        frame.replaceSubrange(0..<6, with: [1, 0, 0x5E, frame[31] & 0x7F, frame[32], frame[33]])
        frame[22] = choices.oneIn(8) ? 64 : 1
        FrameMutation.repair(&frame)
        return frame
    }
}
