import Setup
import Sockets
import Stack
import Wire

/// Probes by echo requests: each has a sequence number of its own, from 1 on.
struct EchoProber: Prober {
    let socket: Socket
    let source: IPAddress
    private let request: [UInt8]

    init(_ trace: Traceroute, _ target: Target, on host: HostDriver) throws(CommandError) {
        let remote = try target.socketAddress(on: host)
        let type =
            target.family == .inet
            ? ICMPType.echoRequest.rawValue : ICMPv6Type.echoRequest.rawValue
        request =
            [type]
            + [UInt8](
                repeating: 0, count: ICMPHeader.byteCount - 1 + trace.payloadCount(target))
        let socket = Socket(.icmp, family: target.family, on: host)
        self.socket = socket
        for origin in trace.origins { try ToolSocket.choose(origin, for: socket, "traceroute") }
        source = try ToolSocket.attempt("traceroute") { () throws(SocketError) in
            try socket.setOption(.receivesErrors(of: target.family), true)
            try socket.connect(to: remote)
            return try socket.localAddress.address
        }
    }

    func send(_ number: Int, hops: UInt8) throws(SocketError) {
        var message = request
        let sequence = UInt16(truncatingIfNeeded: number + 1)
        message[6] = UInt8(sequence >> 8)
        message[7] = UInt8(sequence & 0xFF)
        var control = DatagramControl()
        control.timeToLive = hops
        try socket.send(message.span, to: nil, control)
    }

    func answers() -> [ProbeAnswer] {
        var buffer = [UInt8](repeating: 0, count: 512)
        var answers: [ProbeAnswer] = []
        while let datagram = ToolSocket.receive(socket, into: &buffer) {
            guard datagram.count >= ICMPHeader.byteCount else { continue }
            let sequence = Int(buffer[6]) << 8 | Int(buffer[7])
            answers.append(
                ProbeAnswer(
                    number: sequence - 1, from: datagram.source.address, mark: "", isLast: true))
        }
        return answers
            + errorAnswers { error in
                Int(error.sequence & 0xFFFF) - 1
            }
    }
}
