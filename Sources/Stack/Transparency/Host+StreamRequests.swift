import Memory
import Wire

/// The owner's answers to those who would connect to others.
extension Host {
    /// Takes the request that came first and was not taken yet; nil where none waits.
    public mutating func nextStreamRequest() -> StreamRequest? {
        while let id = tcp.requests.fresh.popFirst() {
            guard tcp.requests.pending.contains(id) else { continue }
            let request = tcp.requests.pending[id]
            return StreamRequest(
                id: StreamRequest.ID(index: id), source: request.tuple.remote,
                destination: request.tuple.local, interface: request.interface,
                timeToLive: request.timeToLive)
        }
        return nil
    }

    /// Whether a request still waits for its answer: not once it was answered, its sender gave up, or
    /// it waited for three minutes.
    public func isPending(_ id: StreamRequest.ID) -> Bool {
        tcp.requests.pending.contains(id.index)
    }

    /// Goes on with the handshake in the name of the destination; the endpoint's stream is connected
    /// when that is over: `finishConnect`, and `.connected` among what it is ready for.
    ///
    /// - Throws: `.invalidArgument` when it is no longer pending; `.networkUnreachable`.
    public mutating func accept(_ id: StreamRequest.ID) throws(StackError) -> EndpointID {
        guard isPending(id) else { throw .invalidArgument }
        let request = tcp.requests.pending[id.index]
        tcp.drop(request: id.index, &network)
        guard var connection = tcp.connection(for: request, network) else {
            throw .networkUnreachable
        }
        let endpoint = open(.stream, family: AddressFamily(of: request.tuple.localAddress))
        endpoints[endpoint.index].options.isTransparent = true
        endpoints[endpoint.index].options.sharesAddress = true
        connection.adopt(
            endpoints[endpoint.index].options, of: endpoints[endpoint.index].family)
        connection.endpoint = endpoint.index
        network.counters.count(.tcpPassiveOpens)
        let key = tcp.add(connection, &network)
        endpoints[endpoint.index].role = .connection(key)
        endpoints[endpoint.index].phase = .connecting
        endpoints[endpoint.index].name = request.tuple.local
        tcp.connections[key].sendSyn(&network)
        tcp.settle(key, &network)
        return endpoint
    }

    /// Refuses a request; nothing where it is no longer pending.
    public mutating func refuse(
        _ id: StreamRequest.ID, _ refusal: Refusal, by reporter: IPAddress? = nil
    ) {
        guard isPending(id) else { return }
        let request = tcp.requests.pending[id.index]
        tcp.drop(request: id.index, &network)
        if refusal == .reset {
            tcp.reset(request, &network)
        } else if let problem = refusal.problem {
            let ports = UInt32(request.tuple.remotePort) << 16 | UInt32(request.tuple.localPort)
            network.refuse(
                problem, .tcp, from: request.tuple.remoteAddress, to: request.tuple.localAddress,
                transport: (ports, request.sequence.rawValue), on: request.interface, by: reporter)
        }
    }
}

extension TCPLayer {
    fileprivate func reset(_ request: PendingStream, _ network: inout NetworkLayer) {
        sendReset(
            TCPHeader(
                sourcePort: request.tuple.localPort, destinationPort: request.tuple.remotePort,
                sequence: SequenceNumber(0), acknowledgment: request.sequence + 1,
                flags: [.rst, .ack], window: 0),
            request.tuple, &network)
    }
}
