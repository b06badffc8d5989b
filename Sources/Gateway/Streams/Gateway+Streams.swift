import Devices
import Glibc
import Sockets
import Stack
import Wire

/// Connections: how they come about, and how they end.
extension Gateway {
    /// Somebody inside wants to connect.
    func open(_ request: StreamRequest, _ host: inout Host) {
        let now = host.now
        switch target(of: request.destination, .stream, at: now) {
        case .refused(let refusal): refuse(request.id, refusal, &host)
        case .names: openNames(request, &host)
        case .machine(let address):
            do throws(DeviceError) {
                try connect(
                    StreamFlow(.make(SOCK_STREAM, for: address.address), .connecting(request)),
                    to: address)
            } catch {
                refuse(request.id, Refusal(code: error.code), &host)
            }
        }
    }

    func refuse(_ request: StreamRequest.ID, _ refusal: Refusal, _ host: inout Host) {
        statistics.connectionsRefused &+= 1
        host.refuse(request, refusal)
    }

    /// Begins to connect the machine's socket of a flow.
    func connect(_ flow: StreamFlow, to address: SocketAddress) throws(DeviceError) {
        guard streams.count < configuration.flowLimit else {
            throw DeviceError(operation: "connect", code: EMFILE)
        }
        flow.socket.sendAtOnce()
        do throws(DeviceError) {
            try flow.socket.connect(to: address)
        } catch {
            guard error.code == EINPROGRESS else { throw error }
        }
        flow.place = try kernel.add(flow, flow.socket)
    }

    /// Does what a flow can do now.
    func run(_ flow: StreamFlow, _ host: inout Host) {
        switch flow.phase {
        case .connecting(let request): finishConnect(flow, request, &host)
        case .entering: finishEntering(flow, &host)
        case .joining: finishJoining(flow, &host)
        case .open: pump(flow, &host)
        case .over: return
        }
    }

    /// The machine's connect has ended, maybe.
    private func finishConnect(
        _ flow: StreamFlow, _ request: StreamRequest, _ host: inout Host
    ) {
        guard flow.isWritable else { return }
        let code = flow.socket.takeErrorCode()
        guard code == 0 else {
            end(flow, &host, resets: false)
            return refuse(request.id, Refusal(code: code), &host)
        }
        do throws(StackError) {
            let endpoint = try host.accept(request.id)
            statistics.connectionsOut &+= 1
            adopt(endpoint, flow, &host)
            flow.phase = .open
        } catch {
            // Who asked has given up.
            end(flow, &host, resets: true)
        }
    }

    /// Makes an endpoint inside that of a flow.
    func adopt(_ endpoint: EndpointID, _ flow: StreamFlow, _ host: inout Host) {
        flow.endpoint = endpoint
        streams[endpoint] = flow
        try? host.setNoDelay(endpoint, true)
    }

    // MARK: - The end

    /// Lets go of both connections.
    ///
    /// - Parameter resets: Whether both are reset, where they are not over.
    func end(_ flow: StreamFlow, _ host: inout Host, resets: Bool) {
        if case .over = flow.phase { return }
        flow.phase = .over
        if let place = flow.place { kernel.remove(place, flow.socket) }
        flow.place = nil
        if resets { flow.socket.resetOnClose() }
        flow.socket.close()
        guard let endpoint = flow.endpoint else { return }
        streams[endpoint] = nil
        flow.endpoint = nil
        if resets {
            try? host.abort(endpoint)
        } else {
            try? host.close(endpoint)
        }
    }
}
