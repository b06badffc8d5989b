import Devices
import Stack
import Wire

/// What one socket inside sends, and who answers it: a socket of the machine's of its own, so that all
/// see it under one name (RFC 4787 §4.1, endpoint-independent mapping) and whoever knows that name may
/// answer.
final class DatagramFlow: KernelMember {
    /// The socket inside.
    let source: SocketAddress
    let socket: SystemSocket
    var place: Int?
    var deadline: Instant
    var isAnswered = false
    /// As whom the machine's loopback answers: whoever was meant when something was sent there.
    var loopbackName: IPAddress?
    /// What the socket's hops were set to; 0 for the machine's own number.
    var hops: UInt8 = 0

    init(_ source: SocketAddress, _ socket: SystemSocket, until deadline: Instant) {
        self.source = source
        self.socket = socket
        self.deadline = deadline
    }

    func isReady(
        _ ready: Poller.Interest, _ gateway: Gateway, _ host: inout Host, at now: Instant
    ) {
        if ready.contains(.failed) { gateway.takeErrors(self, &host) }
        if ready.contains(.readable) { gateway.takeAnswers(self, &host, at: now) }
    }

    /// Who a sender among the machine's is inside.
    func inside(_ address: SocketAddress) -> SocketAddress {
        var address = address
        if address.address.isLoopback, let loopbackName { address.address = loopbackName }
        return address
    }
}

/// Flows of datagrams by the sockets inside.
struct DatagramFlows {
    var all: [SocketAddress: DatagramFlow] = [:]
    /// Where one datagram passes, of any length.
    var buffer = [UInt8](repeating: 0, count: 65_536)

    var isEmpty: Bool { all.isEmpty }

    /// Takes the buffer, which is to be put back.
    mutating func takeBuffer() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &buffer)
        return taken.isEmpty ? [UInt8](repeating: 0, count: 65_536) : taken
    }

    /// Datagrams that one socket is read for in a turn.
    static var turnLimit: Int { 64 }
    /// The hops that hosts usually give: no probe.
    static var usualHops: [UInt8] { [64, 128, 255] }
}
