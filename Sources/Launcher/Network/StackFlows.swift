import Devices
import Glibc
public import Sockets
import Stack
public import Wire

/// The flows of a program on a Sockeye host: each is a socket of it.
///
/// The host has no thread of its own here: the launcher's one loop drives it through `advance`.
public final class StackFlows: FlowTable {
    private struct Flow {
        let socket: Socket
        /// The resolver that a datagram flow talks to, as the program named it.
        var resolver: SocketAddress?
    }

    private let host: HostDriver
    /// Where all DNS queries go, whatever resolver the program knows.
    private let resolver: SocketAddress
    private let ready: ReadySet
    private let poller: Poller
    private var flows: [FlowID: Flow] = [:]
    private var lastFlow: UInt64 = 0

    /// - Parameters:
    ///   - host: A host whose thread was not started.
    ///   - resolver: The DNS server that answers for every other.
    public init(on host: HostDriver, resolver: SocketAddress) throws(SystemError) {
        self.host = host
        self.resolver = resolver
        do throws(SocketError) {
            ready = try ReadySet()
        } catch {
            throw SystemError(error.code)
        }
        do throws(DeviceError) {
            poller = try Poller()
            for descriptor in host.descriptors { try poller.add(descriptor, token: 0) }
            try poller.add(ready.descriptor, token: 1)
        } catch {
            throw SystemError(error.code)
        }
    }

    // MARK: - Opening and naming

    public func openStream() throws(SystemError) -> FlowID { try open(.stream) }

    public func openDatagram() throws(SystemError) -> FlowID { try open(.datagram) }

    private func open(_ kind: Socket.Kind) throws(SystemError) -> FlowID {
        lastFlow += 1
        let id = FlowID(rawValue: lastFlow)
        let socket = Socket(kind, on: host)
        flows[id] = Flow(socket: socket)
        if kind == .datagram { try watch(id) }
        return id
    }

    private func watch(_ id: FlowID) throws(SystemError) {
        guard let socket = flows[id]?.socket else { return }
        try system { () throws(SocketError) in
            try ready.add(
                .socket(socket), for: [.readable, .writable, .connected], .edgeTriggered,
                token: id.rawValue)
        }
    }

    public func bind(_ flow: FlowID, to local: SocketAddress) throws(SystemError) {
        let socket = try socket(flow)
        try system { () throws(SocketError) in try socket.bind(to: local) }
    }

    public func localAddress(_ flow: FlowID) -> SocketAddress? {
        guard let address = try? flows[flow]?.socket.localAddress, address.port != 0 else {
            return nil
        }
        return address
    }

    public func setOption(_ flow: FlowID, _ option: FlowOption) {
        guard let socket = flows[flow]?.socket else { return }
        switch option {
        case .noDelay(let isOn): try? socket.setNoDelay(isOn)
        case .keepAlive(let isOn): try? socket.setKeepalive(isOn)
        default: break
        }
    }

    // MARK: - Streams

    public func connect(_ flow: FlowID, to remote: SocketAddress) throws(SystemError) {
        let socket = try socket(flow)
        let target = remote.port == resolver.port ? resolver : remote
        do throws(SocketError) {
            try socket.beginConnect(to: target)
        } catch {
            guard error.code == EINPROGRESS else { throw SystemError(error.code) }
        }
        // An unconnected stream hangs up, so it is watched from here on only.
        try watch(flow)
    }

    public func send(_ flow: FlowID, _ bytes: Span<UInt8>) throws(SystemError) -> Int {
        let socket = try socket(flow)
        do throws(SocketError) {
            return try socket.sendNow(bytes)
        } catch {
            if error.isWouldBlock { return 0 }
            throw SystemError(error.code)
        }
    }

    public func receive(
        _ flow: FlowID, into bytes: inout MutableSpan<UInt8>
    ) throws(SystemError) -> StreamRead {
        let socket = try socket(flow)
        do throws(SocketError) {
            let count = try socket.receiveNow(into: &bytes)
            return count == 0 ? .endOfStream : .bytes(count)
        } catch {
            if error.isWouldBlock { return .wouldBlock }
            throw SystemError(error.code)
        }
    }

    public func shutdownWrite(_ flow: FlowID) { try? flows[flow]?.socket.shutdown(.sending) }

    // MARK: - Datagrams

    public func connectDatagram(
        _ flow: FlowID, to remote: SocketAddress?
    ) throws(SystemError) {
        _ = try socket(flow)
        flows[flow]?.resolver = remote
    }

    public func sendDatagram(
        _ flow: FlowID, _ bytes: Span<UInt8>, to remote: SocketAddress?
    ) throws(SystemError) {
        let socket = try socket(flow)
        guard let named = remote ?? flows[flow]?.resolver else {
            throw SystemError(EDESTADDRREQ)
        }
        flows[flow]?.resolver = named
        let target = named.port == resolver.port ? resolver : named
        do throws(SocketError) {
            try socket.send(bytes, to: target)
        } catch {
            // A datagram that finds no room is lost, as on any link.
            if error.isWouldBlock || error.code == ENOBUFS { return }
            throw SystemError(error.code)
        }
    }

    public func receiveDatagram(
        _ flow: FlowID, into bytes: inout MutableSpan<UInt8>
    ) throws(SystemError) -> DatagramRead? {
        let socket = try socket(flow)
        do throws(SocketError) {
            let datagram = try socket.receiveDatagramNow(into: &bytes)
            // The program hears from the resolver that it asked.
            let source =
                datagram.source == resolver
                ? flows[flow]?.resolver ?? datagram.source : datagram.source
            return DatagramRead(count: datagram.fullCount, source: source)
        } catch {
            if error.isWouldBlock { return nil }
            throw SystemError(error.code)
        }
    }

    // MARK: - The end

    public func close(_ flow: FlowID) { take(flow)?.close() }

    public func abort(_ flow: FlowID) { take(flow)?.abort() }

    private func take(_ flow: FlowID) -> Socket? {
        guard let gone = flows.removeValue(forKey: flow) else { return nil }
        ready.removeIfPresent(.socket(gone.socket))
        return gone.socket
    }

    // MARK: - Driving

    public var pollDescriptor: CInt { poller.descriptor }

    public var nextDeadline: Int64? {
        let deadline = host.nextDeadline
        return deadline == .never ? nil : deadline.nanoseconds
    }

    public func advance() {
        while host.turn() {}
        host.acknowledgeWakeUp()
    }

    public func nextEvent() -> FlowEvent? {
        while let event = ready.next() {
            let id = FlowID(rawValue: event.token)
            guard let flow = flows[id] else { continue }
            return translate(event.events, id, flow)
        }
        return nil
    }

    private func translate(_ events: Readiness, _ id: FlowID, _ flow: Flow) -> FlowEvent {
        var result: FlowEvents = []
        if events.contains(.connected) { result.insert(.connected) }
        if events.contains(.readable) { result.insert(.readable) }
        if events.contains(.writable) { result.insert(.writable) }
        if events.contains(.error), flow.socket.kind == .stream {
            let error = (try? flow.socket.takeError()) ?? nil
            return FlowEvent(
                flow: id, events: result.union(.failed),
                error: SystemError(error?.code ?? ECONNABORTED))
        }
        return FlowEvent(flow: id, events: result)
    }

    public var hasUnfinishedFlows: Bool {
        host.withHost { host in
            host.sockets.contains { entry in
                switch entry.state {
                case .finWait1, .closing, .lastAck: true
                default: false
                }
            }
        }
    }

    // MARK: - Helpers

    private func socket(_ flow: FlowID) throws(SystemError) -> Socket {
        guard let socket = flows[flow]?.socket else { throw SystemError(EBADF) }
        return socket
    }

    private func system<Result>(
        _ body: () throws(SocketError) -> Result
    ) throws(SystemError) -> Result {
        do throws(SocketError) {
            return try body()
        } catch {
            throw SystemError(error.code)
        }
    }
}
