import Devices
import Glibc
import Stack
import Wire

/// Datagrams from inside to the world, and back.
extension Gateway {
    /// Carries what came for others.
    func takeDatagrams(_ host: inout Host, at now: Instant) {
        var buffer = datagrams.takeBuffer()
        defer { datagrams.buffer = buffer }
        while true {
            var span = buffer.mutableSpan
            guard let datagram = host.nextForeignDatagram(into: &span) else { return }
            carry(datagram, buffer.span.extracting(first: datagram.count), &host, at: now)
        }
    }

    private func carry(
        _ datagram: Host.Datagram, _ bytes: Span<UInt8>, _ host: inout Host, at now: Instant
    ) {
        let (source, destination) = (datagram.source, datagram.destination)
        switch target(of: destination, .datagram, at: now) {
        case .refused(let refusal): refuse(datagram, bytes, refusal, &host)
        case .names:
            let message = bytes.indices.map { bytes[$0] }
            answerName(message, from: source, to: destination, &host, at: now)
        case .machine(let target):
            do throws(DeviceError) {
                if let port = ports.datagramPort(of: source) {
                    port.speaker = source
                    port.loopbackName = target.address.isLoopback ? destination.address : nil
                    try port.send(bytes, to: target)
                } else {
                    try send(datagram, bytes, to: target, at: now)
                }
                statistics.datagramsOut &+= 1
            } catch {
                refuse(datagram, bytes, Refusal(code: error.code), &host)
            }
        }
    }

    /// Tells the sender inside that a datagram was not carried on.
    private func refuse(
        _ datagram: Host.Datagram, _ bytes: Span<UInt8>, _ refusal: Refusal, _ host: inout Host
    ) {
        statistics.datagramsRefused &+= 1
        // As much as an error may quote (RFC 4443 §2.4 (c)).
        let quoted = bytes.extracting(first: min(bytes.count, 1280))
        host.refuseDatagram(
            from: datagram.source, to: datagram.destination, refusal, on: datagram.interface,
            quoting: quoted.indices.map { quoted[$0] })
    }

    private func send(
        _ datagram: Host.Datagram, _ bytes: Span<UInt8>, to target: SocketAddress, at now: Instant
    ) throws(DeviceError) {
        let flow = try flow(of: datagram.source, to: target, at: now)
        if target.address.isLoopback { flow.loopbackName = datagram.destination.address }
        let isIPv4 = flow.source.address.isIPv4
        let hops =
            DatagramFlows.usualHops.contains(datagram.timeToLive) ? 0 : datagram.timeToLive &- 1
        if hops != flow.hops {
            flow.hops = hops
            flow.socket.setHops(hops == 0 ? 64 : hops, isIPv4: isIPv4)
        }
        do throws(DeviceError) {
            try flow.socket.sendDatagram(bytes, to: target, isIPv4: isIPv4)
        } catch {
            // What an earlier one met is told by the queue of errors; this one has not left.
            guard error.code == ECONNREFUSED || error.code == EHOSTUNREACH else { throw error }
            try flow.socket.sendDatagram(bytes, to: target, isIPv4: isIPv4)
        }
        if flow.isAnswered { flow.deadline = now + configuration.datagramIdleTime }
    }

    private func flow(
        of source: SocketAddress, to target: SocketAddress, at now: Instant
    ) throws(DeviceError) -> DatagramFlow {
        if let flow = datagrams.all[source] { return flow }
        if datagrams.all.count >= configuration.flowLimit { dropOldest() }
        let socket = try SystemSocket.make(SOCK_DGRAM, for: source.address)
        socket.keepErrors(isIPv4: source.address.isIPv4)
        let flow = DatagramFlow(source, socket, until: now + configuration.datagramPatience)
        flow.place = try kernel.add(flow, socket)
        datagrams.all[source] = flow
        scheduleSweep(at: now)
        return flow
    }

    // MARK: - Back

    func takeAnswers(_ flow: DatagramFlow, _ host: inout Host, at now: Instant) {
        var buffer = datagrams.takeBuffer()
        defer { datagrams.buffer = buffer }
        for _ in 0..<DatagramFlows.turnLimit {
            let (count, source): (Int, SocketAddress?)
            do throws(DeviceError) {
                var span = buffer.mutableSpan
                (count, source) = try flow.socket.receiveDatagram(into: &span)
            } catch {
                // Errors are told by their queue; what waits behind one is still to be had.
                guard error.code != EAGAIN else { return }
                takeErrors(flow, &host)
                continue
            }
            guard let source else { continue }
            flow.isAnswered = true
            flow.deadline = now + configuration.datagramIdleTime
            statistics.datagramsIn &+= 1
            try? host.sendForeignDatagram(
                buffer.span.extracting(first: count), from: flow.inside(source),
                to: flow.source, on: link(of: flow.source.address))
        }
        // More may wait, of which the machine does not tell again.
        kernel.again(flow.place, flow.socket)
    }

    func takeErrors(_ flow: DatagramFlow, _ host: inout Host) {
        while let error = ReportedDatagramError(next: flow.socket) {
            let destination = flow.inside(error.destination)
            let isItself = error.reporter == error.destination.address
            host.refuseDatagram(
                from: flow.source, to: destination, error.refusal,
                by: isItself ? destination.address : error.reporter, on: Self.inside,
                quoting: error.payload)
        }
    }

    // MARK: - The end

    func sweepDatagrams(at now: Instant) {
        for flow in Array(datagrams.all.values) where flow.deadline <= now { end(flow) }
    }

    private func dropOldest() {
        let oldest = datagrams.all.values.min { $0.deadline < $1.deadline }
        if let oldest { end(oldest) }
    }

    private func end(_ flow: DatagramFlow) {
        datagrams.all[flow.source] = nil
        if let place = flow.place { kernel.remove(place, flow.socket) }
        flow.socket.close()
    }
}
