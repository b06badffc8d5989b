import Devices
import Glibc
import Stack
import Wire

/// Echoes of one sender inside, carried by a ping socket of the machine's where it permits those
/// (`net.ipv4.ping_group_range`).
final class EchoFlow: KernelMember {
    struct Key: Hashable {
        let source: IPAddress
        let destination: IPAddress
        let identifier: UInt16
    }

    let key: Key
    let socket: SystemSocket
    var place: Int?
    var deadline: Instant
    /// The request that came last: what is answered, but for number and content.
    var last: ForeignEcho
    var hops: UInt8 = 0

    init(_ key: Key, _ socket: SystemSocket, _ echo: ForeignEcho, until deadline: Instant) {
        self.key = key
        self.socket = socket
        self.deadline = deadline
        last = echo
    }

    func isReady(
        _ ready: Poller.Interest, _ gateway: Gateway, _ host: inout Host, at now: Instant
    ) {
        if ready.contains(.failed) { gateway.takeErrors(self, &host) }
        if ready.contains(.readable) { gateway.takeAnswers(self, &host) }
    }
}

struct EchoFlows {
    var all: [EchoFlow.Key: EchoFlow] = [:]
    var isEmpty: Bool { all.isEmpty }

    static var limit: Int { 256 }
    static var patience: Interval { .seconds(30) }
}

extension Gateway {
    /// Carries an echo request on.
    func carry(_ echo: ForeignEcho, _ host: inout Host, at now: Instant) {
        let destination = SocketAddress(address: echo.destination, port: 0)
        guard case .machine(let target) = target(of: destination, .icmp, at: now) else {
            return host.refuse(echo, .prohibited)
        }
        do throws(DeviceError) {
            let flow = try flow(of: echo, to: target, at: now)
            flow.last = echo
            flow.deadline = now + EchoFlows.patience
            let isIPv4 = echo.source.isIPv4
            let hops =
                DatagramFlows.usualHops.contains(echo.timeToLive) ? 0 : echo.timeToLive &- 1
            if hops != flow.hops {
                flow.hops = hops
                flow.socket.setHops(hops == 0 ? 64 : hops, isIPv4: isIPv4)
            }
            let type: UInt8 = isIPv4 ? 8 : 128
            let number = [UInt8(echo.sequence >> 8), UInt8(truncatingIfNeeded: echo.sequence)]
            let message = [type, 0, 0, 0, 0, 0] + number + echo.payload
            _ = try flow.socket.send(message.span)
            statistics.echoes &+= 1
        } catch {
            // No ping sockets for this user: nobody may pass here.
            host.refuse(echo, Refusal(code: error.code))
        }
    }

    private func flow(
        of echo: ForeignEcho, to target: SocketAddress, at now: Instant
    ) throws(DeviceError) -> EchoFlow {
        let key = EchoFlow.Key(
            source: echo.source, destination: echo.destination, identifier: echo.identifier)
        if let flow = echoes.all[key] { return flow }
        guard echoes.all.count < EchoFlows.limit else {
            throw DeviceError(operation: "socket", code: EMFILE)
        }
        let isIPv4 = target.address.isIPv4
        let socket = try SystemSocket.make(
            SOCK_DGRAM, for: target.address, protocol: isIPv4 ? 1 : 58)
        socket.keepErrors(isIPv4: isIPv4)
        try socket.connect(to: target)
        let flow = EchoFlow(key, socket, echo, until: now + EchoFlows.patience)
        flow.place = try kernel.add(flow, socket)
        echoes.all[key] = flow
        scheduleSweep(at: now)
        return flow
    }

    func takeAnswers(_ flow: EchoFlow, _ host: inout Host) {
        var buffer = datagrams.takeBuffer()
        defer { datagrams.buffer = buffer }
        while true {
            let count: Int
            do throws(DeviceError) {
                var span = buffer.mutableSpan
                count = try flow.socket.receive(into: &span)
            } catch {
                if error.code != EAGAIN { takeErrors(flow, &host) }
                return
            }
            let message = buffer[..<count]
            guard count >= 8, message[0] == (flow.key.source.isIPv4 ? 0 : 129) else { continue }
            let answered = flow.last.with(sequence: UInt16(message[6]) << 8 | UInt16(message[7]))
            let payload = buffer.span.extracting(8..<count)
            try? host.answer(answered, with: payload)
        }
    }

    func takeErrors(_ flow: EchoFlow, _ host: inout Host) {
        while let error = ReportedDatagramError(next: flow.socket) {
            let quoted = error.payload
            let sequence =
                quoted.count >= 8 ? UInt16(quoted[6]) << 8 | UInt16(quoted[7]) : flow.last.sequence
            let isItself = error.reporter == error.destination.address
            host.refuse(
                flow.last.with(sequence: sequence), error.refusal,
                by: isItself ? flow.key.destination : error.reporter)
        }
    }

    func sweepEchoes(_ host: inout Host, at now: Instant) {
        for flow in Array(echoes.all.values) where flow.deadline <= now {
            echoes.all[flow.key] = nil
            if let place = flow.place { kernel.remove(place, flow.socket) }
            flow.socket.close()
        }
    }
}

extension ForeignEcho {
    fileprivate func with(sequence: UInt16) -> ForeignEcho {
        ForeignEcho(
            source: source, destination: destination, identifier: identifier, sequence: sequence,
            interface: interface, timeToLive: timeToLive, payload: payload)
    }
}
