import Setup
import Sockets
import Stack
import Wire

/// Probes by UDP: each has a destination port of its own, from 33434 on.
struct DatagramProber: Prober {
    let socket: Socket
    let source: IPAddress
    private let target: SocketAddress
    private let payload: [UInt8]
    private let port: UInt16

    init(_ trace: Traceroute, _ target: Target, on host: HostDriver) throws(CommandError) {
        self.target = try target.socketAddress(on: host)
        port = trace.port ?? 33_434
        payload = [UInt8](repeating: 0x40, count: trace.payloadCount(target))
        let socket = Socket(.datagram, family: target.family, on: host)
        self.socket = socket
        for origin in trace.origins { try ToolSocket.choose(origin, for: socket, "traceroute") }
        try ToolSocket.attempt("traceroute") { () throws(SocketError) in
            try socket.setOption(.receivesErrors(of: target.family), true)
        }
        source = try Self.source(towards: self.target, like: socket)
    }

    /// The address that the host speaks from to `target`.
    private static func source(
        towards target: SocketAddress, like socket: Socket
    ) throws(CommandError) -> IPAddress {
        var target = target
        target.port = 7
        return try ToolSocket.attempt("traceroute") { () throws(SocketError) in
            let other = try Socket(
                .datagram, family: AddressFamily(of: target.address), on: socket.network)
            let interface = try socket.option(.boundInterfaceIndex)
            try other.setOption(.boundInterfaceIndex, interface)
            try other.connect(to: target)
            return try other.localAddress.address
        }
    }

    func send(_ number: Int, hops: UInt8) throws(SocketError) {
        var target = target
        target.port = port &+ UInt16(truncatingIfNeeded: number)
        var control = DatagramControl()
        control.timeToLive = hops
        try socket.send(payload.span, to: target, control)
    }

    private func number(_ port: UInt16) -> Int { Int(port &- self.port) }

    func answers() -> [ProbeAnswer] {
        var buffer = [UInt8](repeating: 0, count: 512)
        var answers: [ProbeAnswer] = []
        // Somebody may listen there after all.
        while let datagram = ToolSocket.receive(socket, into: &buffer) {
            guard datagram.source.address == target.address else { continue }
            answers.append(
                ProbeAnswer(
                    number: number(datagram.source.port), from: datagram.source.address, mark: "",
                    isLast: true))
        }
        return answers
            + errorAnswers { error in
                error.destination.address == target.address ? number(error.destination.port) : nil
            }
    }
}
