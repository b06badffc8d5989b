import Devices
import Memory
import Setup
import Sockets
import Stack
import Wire

/// Probes by TCP: SYNs of connections that are never made, told apart by their sequence numbers.
/// The host resets what answers them, as it does with segments nobody asked for.
struct SegmentProber: Prober {
    let socket: Socket
    /// Keeps others off the port that the probes come from.
    private let holder: Socket
    private let local: SocketAddress
    var source: IPAddress { local.address }
    private let target: SocketAddress
    private let firstSequence: UInt32

    init(_ trace: Traceroute, _ target: Target, on host: HostDriver) throws(CommandError) {
        var remote = try target.socketAddress(on: host)
        let socket = Socket(.raw(.tcp), family: target.family, on: host)
        let holder = Socket(.stream, family: target.family, on: host)
        for origin in trace.origins { try ToolSocket.choose(origin, for: socket, "traceroute") }
        local = try ToolSocket.attempt("traceroute") { () throws(SocketError) in
            try socket.setOption(.receivesErrors(of: target.family), true)
            try socket.connect(to: remote)
            let address = try socket.localAddress.address
            try holder.bind(to: SocketAddress(address: address, port: 0))
            return try holder.localAddress
        }
        remote.port = trace.port ?? 80
        self.target = remote
        self.socket = socket
        self.holder = holder
        firstSequence = UInt32(truncatingIfNeeded: SystemRandom.seed().0)
    }

    /// Far enough apart that nothing else is in between.
    private static var stride: UInt32 { 1 << 16 }

    private func number(_ sequence: UInt32) -> Int? {
        let distance = sequence &- firstSequence
        return distance % Self.stride == 0 ? Int(distance / Self.stride) : nil
    }

    func send(_ number: Int, hops: UInt8) throws(SocketError) {
        let sequence = firstSequence &+ UInt32(truncatingIfNeeded: number) &* Self.stride
        var segment = [UInt8](repeating: 0, count: TCPHeader.byteCount)
        var header = TCPHeader(
            sourcePort: local.port, destinationPort: target.port,
            sequence: SequenceNumber(sequence), acknowledgment: SequenceNumber(0), flags: .syn,
            window: 5840)
        var bytes = segment.mutableSpan
        header.write(to: &bytes)
        var sum = InternetChecksum.pseudoHeader(
            source: local.address, destination: target.address, proto: .tcp,
            length: UInt32(TCPHeader.byteCount))
        sum.add(bytes.span)
        header.checksum = sum.value
        header.write(to: &bytes)
        var control = DatagramControl()
        control.timeToLive = hops
        try socket.send(segment.span, to: nil, control)
    }

    func answers() -> [ProbeAnswer] {
        var buffer = [UInt8](repeating: 0, count: 512)
        var answers: [ProbeAnswer] = []
        while let datagram = ToolSocket.receive(socket, into: &buffer) {
            guard let number = answered(buffer.span.extracting(first: datagram.count)) else {
                continue
            }
            answers.append(
                ProbeAnswer(number: number, from: target.address, mark: "", isLast: true))
        }
        return answers
            + errorAnswers { number($0.sequence) }
    }

    /// The number of the probe that a packet answers, with SYN and ACK or with a reset.
    private func answered(_ packet: Span<UInt8>) -> Int? {
        do throws(WireError) {
            let segment =
                local.address.isIPv4
                ? try TCPSegment(try IPv4Packet(packet).payload) : try TCPSegment(packet)
            guard segment.sourcePort == target.port, segment.destinationPort == local.port,
                segment.flags.contains(.ack)
            else { return nil }
            return number(segment.acknowledgment.rawValue &- 1)
        } catch {
            return nil
        }
    }
}
