import Memory
import Stack
import Wire

struct OutOfMemory: Error {}
struct NothingArrived: Error {}

/// The packet that was waited for; `#require` for what cannot be copied.
func arrived(_ packet: consuming Packet?) throws -> Packet {
    guard let packet else { throw NothingArrived() }
    return packet
}

/// A packet of `bytes`, of which the first `headCount` stand in the head.
func makePacket(
    _ bytes: [UInt8], headCount: Int? = nil, from pools: BufferPools,
    metadata: PacketMetadata = PacketMetadata()
) throws -> Packet {
    let headCount = headCount ?? bytes.count
    guard var packet = pools.frame(headroom: 64) else { throw OutOfMemory() }
    packet.append(bytes.span.extracting(first: headCount))
    packet.metadata = metadata
    if bytes.count > headCount {
        var queue = pools.queue()
        let rest = bytes.span.extracting(droppingFirst: headCount)
        guard queue.append(rest) == rest.count,
            queue.attach(to: &packet, from: 0, count: rest.count) == rest.count
        else { throw OutOfMemory() }
    }
    return packet
}

func bytes(of packet: borrowing Packet) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: packet.count)
    var span = bytes.mutableSpan
    _ = packet.copy(from: 0, into: &span)
    return bytes
}

/// Numbers that look random and are the same on every run.
func pattern(_ count: Int, seed: UInt32 = 1) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(truncatingIfNeeded: state >> 24)
    }
}

/// How a test packet's transport checksum is left.
enum ChecksumForm: CaseIterable {
    case complete, partial
}

/// Two ends of a conversation, as they stand in the headers.
struct Path {
    var sourceHardware: MACAddress
    var destinationHardware: MACAddress
    var source: SocketAddress
    var destination: SocketAddress

    private var isIPv4: Bool { source.address.isIPv4 }
    private var networkHeaderCount: Int {
        isIPv4 ? IPv4Header.byteCount : IPv6Header.byteCount
    }
    /// Where the transport header begins in a frame.
    var transportOffset: Int { EthernetHeader.byteCount + networkHeaderCount }

    var reversed: Path {
        Path(
            sourceHardware: destinationHardware, destinationHardware: sourceHardware,
            source: destination, destination: source)
    }

    /// A frame with this transport header and payload; `checksumOffset` is where in the header the
    /// checksum goes.
    func frame(
        _ proto: IPProtocol, _ transport: [UInt8], checksumOffset: Int, _ form: ChecksumForm
    ) -> [UInt8] {
        var linkHeader = [UInt8](repeating: 0, count: EthernetHeader.byteCount)
        var networkHeader = [UInt8](repeating: 0, count: networkHeaderCount)
        var link = linkHeader.mutableSpan
        EthernetHeader(
            destination: destinationHardware, source: sourceHardware,
            etherType: isIPv4 ? .ipv4 : .ipv6
        ).write(to: &link)
        var network = networkHeader.mutableSpan
        if let from = source.address.v4, let to = destination.address.v4 {
            IPv4Header(
                totalCount: UInt16(IPv4Header.byteCount + transport.count), dontFragment: true,
                proto: proto, source: from, destination: to
            ).write(to: &network)
        } else {
            IPv6Header(
                payloadCount: UInt16(transport.count), nextHeader: proto,
                source: source.address.v6, destination: destination.address.v6
            ).write(to: &network)
        }
        var sum = InternetChecksum.pseudoHeader(
            source: source.address, destination: destination.address, proto: proto,
            length: UInt32(transport.count))
        var body = transport
        if form == .complete { sum.add(body.span) }
        let value = form == .complete ? sum.value : sum.partial
        body[checksumOffset] = UInt8(value >> 8)
        body[checksumOffset + 1] = UInt8(value & 0xFF)
        return linkHeader + networkHeader + body
    }

    /// A UDP datagram in a frame.
    func datagram(_ payload: [UInt8], _ form: ChecksumForm = .complete) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: UDPHeader.byteCount)
        var span = header.mutableSpan
        UDPHeader(
            sourcePort: source.port, destinationPort: destination.port,
            length: UInt16(UDPHeader.byteCount + payload.count)
        ).write(to: &span)
        return frame(.udp, header + payload, checksumOffset: 6, form)
    }

    /// A TCP segment in a frame.
    func segment(
        _ flags: TCPFlags, sequence: SequenceNumber, acknowledgment: SequenceNumber,
        mss: UInt16? = nil, _ payload: [UInt8] = [], _ form: ChecksumForm = .complete
    ) -> [UInt8] {
        let options: [UInt8] = mss.map { [2, 4, UInt8($0 >> 8), UInt8($0 & 0xFF)] } ?? []
        var header = [UInt8](repeating: 0, count: TCPHeader.byteCount)
        var span = header.mutableSpan
        TCPHeader(
            sourcePort: source.port, destinationPort: destination.port, sequence: sequence,
            acknowledgment: acknowledgment, headerCount: TCPHeader.byteCount + options.count,
            flags: flags, window: 65535
        ).write(to: &span)
        return frame(
            .tcp, header + options + payload, checksumOffset: TCPHeader.checksumOffset, form)
    }

    /// The metadata of a frame whose checksum is partial.
    func partial(_ proto: IPProtocol, segmentSize: UInt16 = 0) -> PacketMetadata {
        PacketMetadata(
            checksum: .partial(
                start: UInt16(transportOffset), offset: proto == .tcp ? 16 : 6),
            segmentSize: segmentSize)
    }
}

/// What a test looks at in a TCP segment of a frame.
struct SegmentFacts: Equatable {
    var sourcePort: UInt16
    var sequence: SequenceNumber
    var acknowledgment: SequenceNumber
    var flags: TCPFlags
    var payload: [UInt8]
    var checksumIsValid: Bool

    /// Nil when the frame carries no TCP.
    init?(_ frame: [UInt8]) {
        let span = frame.span
        guard let link = try? EthernetFrame(span) else { return nil }
        if let ip = try? IPv4Packet(link.payload), ip.proto == .tcp {
            self.init(
                ip.payload.extracting(first: ip.payloadCount), IPAddress(ip.source),
                IPAddress(ip.destination))
        } else if let ip = try? IPv6Packet(link.payload), ip.nextHeader == .tcp {
            self.init(
                ip.payload.extracting(first: ip.payloadCount), IPAddress(ip.source),
                IPAddress(ip.destination))
        } else {
            return nil
        }
    }

    private init?(_ bytes: Span<UInt8>, _ source: IPAddress, _ destination: IPAddress) {
        guard let segment = try? TCPSegment(bytes) else { return nil }
        sourcePort = segment.sourcePort
        sequence = segment.sequence
        acknowledgment = segment.acknowledgment
        flags = segment.flags
        let rest = segment.payload
        payload = (0..<rest.count).map { rest[$0] }
        checksumIsValid = segment.checksumIsValid(source: source, destination: destination)
    }
}
