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
    private struct Flow {
        var hostPort: UInt16
        var peerPort: UInt16
        /// What the host expects next, and what it has sent.
        var sequence: UInt32
        var acknowledgment: UInt32
        var stamp: UInt32
    }

    private var flows: [Flow] = []
    private var lastPacket: [UInt8] = []

    // MARK: - Watching the host

    public init() {}

    public mutating func note(_ frame: [UInt8]) {
        guard frame.count >= 34, frame[12] == 8, frame[13] == 0 else { return }
        lastPacket = Array(frame[14...].prefix(60))
        guard frame[23] == IPProtocol.tcp.rawValue else { return }
        do throws(WireError) {
            let segment = try TCPSegment(frame.span.extracting(droppingFirst: 34))
            let stamps = TCPOptions(segment.options).timestamps
            let flow = Flow(
                hostPort: segment.sourcePort, peerPort: segment.destinationPort,
                sequence: segment.acknowledgment.rawValue,
                acknowledgment: segment.sequence.advanced(by: segment.sequenceCount).rawValue,
                stamp: stamps?.value ?? 0)
            let known = flows.firstIndex { other in
                other.hostPort == flow.hostPort && other.peerPort == flow.peerPort
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
        guard let flow = flows.last, frame.count >= 54, frame[12] == 8, frame[13] == 0,
            frame[23] == IPProtocol.tcp.rawValue, frame[14] == 0x45
        else { return }
        var span = frame.mutableSpan
        for (offset, base) in [(38, flow.sequence), (42, flow.acknowledgment)] {
            span.write(span.span.uint32(at: offset) &+ base, at: offset)
        }
    }

    // MARK: - Making frames

    func frame(_ choices: inout Choices) -> [UInt8] {
        switch choices.next(below: 16) {
        case 0: return arp(&choices)
        case 1: return packet(.icmp, echo(&choices), &choices)
        case 2: return packet(.icmp, error(&choices), &choices)
        case 3: return packet(.udp, datagram(&choices), &choices)
        case 4: return (0..<choices.next(below: 100)).map { _ in UInt8(choices.next(below: 256)) }
        case 5, 6: return packet(.tcp, syn(&choices), &choices)
        default: return packet(.tcp, segment(&choices), &choices)
        }
    }

    private func arp(_ choices: inout Choices) -> [UInt8] {
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

    private func header(_ type: EtherType) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: EthernetHeader.byteCount)
        var span = bytes.mutableSpan
        EthernetHeader(destination: Self.hostMAC, source: Self.peerMAC, etherType: type)
            .write(to: &span)
        return bytes
    }

    private func packet(
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

    private func echo(_ choices: inout Choices) -> [UInt8] {
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

    private func datagram(_ choices: inout Choices) -> [UInt8] {
        let count = UDPHeader.byteCount + choices.next(below: 1400)
        var bytes = [UInt8](repeating: 2, count: count)
        var span = bytes.mutableSpan
        UDPHeader(
            sourcePort: 1000, destinationPort: choices.oneIn(4) ? 8 : 7, length: UInt16(count)
        ).write(to: &span)
        return bytes
    }

    private func syn(_ choices: inout Choices) -> [UInt8] {
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
        guard !flows.isEmpty else { return syn(&choices) }
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
        return segment(header, options, textCount: texts[choices.next(below: texts.count)])
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
