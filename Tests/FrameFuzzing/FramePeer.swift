import Memory
import Stack
import Wire

/// Everybody else on the link of a fuzzed host: frames that fit what the host sent last, so that
/// they come past the first checks, before they are spoilt.
public struct FramePeer {
    static let hostAddress = IPv4Address(10, 7, 0, 1)
    static let peerAddress = IPv4Address(10, 7, 0, 2)
    static let hostMAC = MACAddress(2, 0, 0, 0, 0, 1)
    static let peerMAC = MACAddress(2, 0, 0, 0, 0, 2)

    /// A connection as the host's last segment showed it.
    struct Flow {
        var isIPv6 = false
        var hostPort: UInt16
        var peerPort: UInt16
        /// What the host expects next, and what it has sent.
        var sequence: UInt32
        var acknowledgment: UInt32
        var stamp: UInt32
    }

    private var flows: [Flow] = []
    /// What the host sent last, in each family.
    var lastPacket: [UInt8] = []
    var lastIPv6Packet: [UInt8] = []

    // MARK: - Watching the host

    public init() {}

    public mutating func note(_ frame: [UInt8]) {
        guard frame.count >= 34 else { return }
        switch (frame[12], frame[13]) {
        case (8, 0):
            lastPacket = Array(frame[14...].prefix(60))
            if frame[23] == IPProtocol.tcp.rawValue { note(frame, segmentAt: 34, isIPv6: false) }
        case (0x86, 0xDD) where frame.count >= 54:
            lastIPv6Packet = Array(frame[14...].prefix(100))
            if frame[20] == IPProtocol.tcp.rawValue { note(frame, segmentAt: 54, isIPv6: true) }
        default: break
        }
    }

    private mutating func note(_ frame: [UInt8], segmentAt start: Int, isIPv6: Bool) {
        do throws(WireError) {
            let segment = try TCPSegment(frame.span.extracting(droppingFirst: start))
            let stamps = TCPOptions(segment.options).timestamps
            let flow = Flow(
                isIPv6: isIPv6, hostPort: segment.sourcePort, peerPort: segment.destinationPort,
                sequence: segment.acknowledgment.rawValue,
                acknowledgment: segment.sequence.advanced(by: segment.sequenceCount).rawValue,
                stamp: stamps?.value ?? 0)
            let known = flows.firstIndex { other in
                other.hostPort == flow.hostPort && other.peerPort == flow.peerPort
                    && other.isIPv6 == isIPv6
            }
            if let known {
                flows[known] = flow
            } else {
                if flows.count == 16 { flows.removeFirst() }
                flows.append(flow)
            }
        } catch {
            return
        }
    }

    /// Turns sequence numbers that count from those of the last connection into real ones.
    public func rebase(_ frame: inout [UInt8]) {
        guard let flow = flows.last, let start = Self.segmentStart(frame),
            frame.count >= start + TCPHeader.byteCount
        else { return }
        var span = frame.mutableSpan
        for (offset, base) in [(start + 4, flow.sequence), (start + 8, flow.acknowledgment)] {
            span.write(span.span.uint32(at: offset) &+ base, at: offset)
        }
    }

    /// Where the segment begins in a frame that has one and no options before it.
    private static func segmentStart(_ frame: [UInt8]) -> Int? {
        guard frame.count >= 34 else { return nil }
        let proto = IPProtocol.tcp.rawValue
        switch (frame[12], frame[13]) {
        case (8, 0): return frame[23] == proto && frame[14] == 0x45 ? 34 : nil
        case (0x86, 0xDD): return frame[20] == proto ? 54 : nil
        default: return nil
        }
    }

    // MARK: - Making frames

    /// A frame of what the focus is on, now and then of anything.
    func frame(_ choices: inout Choices, _ focus: FuzzFocus) -> [UInt8] {
        let isIPv6 = choices.oneIn(2)
        switch choices.oneIn(8) ? .everything : focus {
        case .everything: return isIPv6 ? ipv6(&choices) : ipv4(&choices)
        case .tcp:
            return choices.oneIn(8) || flows.isEmpty
                ? packet(.tcp, syn(&choices), &choices) : segment(&choices)
        case .reassembly: return isIPv6 ? ipv6Fragment(&choices) : ipv4Fragment(&choices)
        case .neighbours: return isIPv6 ? neighbourDiscovery(&choices) : arp(&choices)
        case .autoconfiguration: return routerMessage(&choices)
        case .groups: return isIPv6 ? mld(&choices) : igmp(&choices)
        }
    }

    private func ipv4(_ choices: inout Choices) -> [UInt8] {
        switch choices.next(below: 18) {
        case 0: return arp(&choices)
        case 1: return packet(.icmp, echo(&choices), &choices)
        case 2: return packet(.icmp, error(&choices), &choices)
        case 3: return packet(.udp, datagram(&choices), &choices)
        case 4: return (0..<choices.next(below: 100)).map { _ in UInt8(choices.next(below: 256)) }
        case 5, 6: return packet(.tcp, syn(&choices), &choices)
        case 7: return ipv4Fragment(&choices)
        case 8: return igmp(&choices)
        default: return segment(&choices)
        }
    }

    func arp(_ choices: inout Choices) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: ARPMessage.byteCount)
        let sender =
            0x0A07_0002 &+ UInt32(choices.next(below: 3)) &* UInt32(choices.next(below: 999))
        var span = bytes.mutableSpan
        ARPMessage(
            operation: choices.oneIn(2) ? .request : .reply,
            senderHardwareAddress: Self.peerMAC, senderProtocolAddress: IPv4Address(sender),
            targetHardwareAddress: Self.hostMAC, targetProtocolAddress: Self.hostAddress
        ).write(to: &span)
        return header(.arp) + bytes
    }

    func header(_ type: EtherType) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: EthernetHeader.byteCount)
        var span = bytes.mutableSpan
        EthernetHeader(destination: Self.hostMAC, source: Self.peerMAC, etherType: type)
            .write(to: &span)
        return bytes
    }

    func packet(
        _ proto: IPProtocol, _ payload: [UInt8], _ choices: inout Choices
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: IPv4Header.byteCount)
        var span = bytes.mutableSpan
        let source = 0x0A07_0002 &+ (choices.oneIn(16) ? UInt32(choices.next(below: 200)) : 0)
        IPv4Header(
            totalCount: UInt16(IPv4Header.byteCount + payload.count), identification: 1,
            timeToLive: 64, proto: proto, source: IPv4Address(source),
            destination: Self.hostAddress
        ).write(to: &span)
        return header(.ipv4) + bytes + payload
    }

    func echo(_ choices: inout Choices) -> [UInt8] {
        [8, 0, 0, 0] + [UInt8](repeating: 1, count: 4 + choices.next(below: 1400))
    }

    private func error(_ choices: inout Choices) -> [UInt8] {
        let type: UInt8 = [3, 3, 3, 11, 12, 5][choices.next(below: 6)]
        let mtu = UInt16(choices.next(below: 1 << 16))
        return [
            type, UInt8(choices.next(below: 16)), 0, 0, 0, 0, UInt8(mtu >> 8), UInt8(mtu & 255),
        ]
            + lastPacket.prefix(choices.oneIn(4) ? choices.next(below: 60) : 60)
    }

    func datagram(_ choices: inout Choices) -> [UInt8] {
        let count = UDPHeader.byteCount + choices.next(below: 1400)
        var bytes = [UInt8](repeating: 2, count: count)
        var span = bytes.mutableSpan
        UDPHeader(
            sourcePort: 1000, destinationPort: choices.oneIn(4) ? 8 : 7, length: UInt16(count)
        ).write(to: &span)
        return bytes
    }

    func syn(_ choices: inout Choices) -> [UInt8] {
        var options = TCPOptions()
        if choices.oneIn(2) {
            let sizes: [UInt16] = [0, 1, 88, 536, 1460, 9000, 65535]
            options.maximumSegmentSize = sizes[choices.next(below: sizes.count)]
        }
        options.sackPermitted = choices.oneIn(2)
        if choices.oneIn(2) { options.windowScale = UInt8(choices.next(below: 15)) }
        if choices.oneIn(2) {
            options.timestamps = TCPTimestamps(value: choices.edge(), echo: 0)
        }
        let header = TCPHeader(
            sourcePort: 5000 + UInt16(choices.next(below: 12)), destinationPort: 80,
            sequence: SequenceNumber(choices.edge()), flags: [.syn], window: 65535)
        return segment(header, options, textCount: choices.oneIn(8) ? 100 : 0)
    }

    /// A segment that fits one of the flows, or misses it by a little.
    private func segment(_ choices: inout Choices) -> [UInt8] {
        guard !flows.isEmpty else { return packet(.tcp, syn(&choices), &choices) }
        let flow = flows[choices.next(below: flows.count)]
        let kinds: [TCPFlags] = [
            [.ack], [.ack], [.ack, .psh], [.ack, .psh], [.ack, .fin], [.rst], [.rst, .ack], [.syn],
            [.syn, .ack], [.ack, .urg], [], [.syn, .fin], [.fin],
        ]
        // Resets and SYNs are rare, or no connection would grow old.
        let isPlain = !choices.oneIn(8)
        let flags = kinds[isPlain ? choices.next(below: 4) : choices.next(below: kinds.count)]
        let sequence = flow.sequence &+ (choices.oneIn(4) ? choices.edge() : 0)
        let acknowledgment = flow.acknowledgment &- (choices.oneIn(4) ? choices.edge() : 0)
        var options = TCPOptions()
        if flow.stamp != 0, !choices.oneIn(8) {
            options.timestamps = TCPTimestamps(value: choices.edge(), echo: flow.stamp)
        }
        if choices.oneIn(4) {
            for _ in 0..<choices.next(below: 4) {
                let start = acknowledgment &- UInt32(choices.next(below: 20_000))
                options.sackBlocks.append(
                    SACKBlock(
                        start: SequenceNumber(start),
                        end: SequenceNumber(start &+ UInt32(choices.next(below: 5000)))))
            }
        }
        let windows: [UInt16] = [0, 1, 500, 5000, 65535]
        let header = TCPHeader(
            sourcePort: flow.peerPort, destinationPort: flow.hostPort,
            sequence: SequenceNumber(sequence), acknowledgment: SequenceNumber(acknowledgment),
            flags: flags, window: windows[choices.next(below: windows.count)],
            urgentPointer: UInt16(choices.next(below: 3)) &* 30_000)
        let texts = [0, 1, 100, 1000, 1400]
        let count = texts[choices.next(below: texts.count)]
        let bytes = segment(header, options, textCount: count)
        return flow.isIPv6
            ? ipv6Packet(.tcp, bytes, from: Self.peerIPv6, to: Self.hostIPv6)
            : packet(.tcp, bytes, &choices)
    }

    private func segment(_ header: TCPHeader, _ options: TCPOptions, textCount: Int) -> [UInt8] {
        var header = header
        let optionsCount = options.encodedCount
        header.headerCount = TCPHeader.byteCount + optionsCount
        var bytes = [UInt8](repeating: 3, count: header.headerCount + textCount)
        var span = bytes.mutableSpan
        header.write(to: &span)
        _ = options.write(to: &span, at: TCPHeader.byteCount)
        return bytes
    }
}
