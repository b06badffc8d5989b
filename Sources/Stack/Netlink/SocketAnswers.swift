import Memory
import Wire

/// What is told of sockets.
extension Host {
    /// The next socket of a dump: nil at the end, and within it nil where a place is empty.
    func nextSocket(_ dump: inout NetlinkDump) -> FoundSocket?? {
        let place = dump.place
        dump.place &+= 1
        switch (dump.diagnosis.proto, dump.stage) {
        case (.tcp, 0) where place < tcp.listeners.placeCount: return foundListener(place)
        case (.tcp, 1) where place < tcp.connections.placeCount: return foundConnection(place)
        case (.tcp, 2) where place < tcp.halfOpens.placeCount: return foundHalfOpen(place)
        case (.tcp, 3) where place < tcp.timeWaits.placeCount: return foundTimeWait(place)
        case (.tcp, 0...3):
            dump.nextStage()
            return .some(nil)
        case (.udp, _) where place < udp.sockets.placeCount:
            guard let id = udp.sockets.index(at: place) else { return .some(nil) }
            return found(udp.sockets[id])
        case (.raw, _) where place < raw.sockets.placeCount:
            guard let id = raw.sockets.index(at: place), !raw.sockets[id].isEcho else {
                return .some(nil)
            }
            return found(raw.sockets[id])
        default: return nil
        }
    }

    private func foundListener(_ place: Int) -> FoundSocket?? {
        guard let id = tcp.listeners.index(at: place) else { return .some(nil) }
        let local = tcp.listeners[id].local
        var answer = answer(for: tcp.listeners[id].endpoint, local)
        answer.state = LinuxState.listen
        answer.set(local: local, remote: nil)
        answer.interface = UInt32(tcp.listeners[id].boundInterface?.zone ?? 0)
        answer.receiveQueue = UInt32(clamping: tcp.listeners[id].accepted.count)
        answer.sendQueue = UInt32(clamping: tcp.listeners[id].backlog)
        return FoundSocket(answer: answer)
    }

    private func foundConnection(_ place: Int) -> FoundSocket?? {
        guard let id = tcp.connections.index(at: place), tcp.connections[id].flags.contains(.filed)
        else { return .some(nil) }
        let tuple = tcp.connections[id].tuple
        var answer = answer(for: tcp.connections[id].endpoint, tuple.local)
        answer.state = LinuxState.of(tcp.connections[id].state)
        answer.set(local: tuple.local, remote: tuple.remote)
        answer.receiveQueue = UInt32(clamping: tcp.connections[id].receiveQueue.count)
        answer.sendQueue = UInt32(clamping: tcp.connections[id].sendQueue.count)
        return FoundSocket(answer: answer, connection: id)
    }

    private func foundHalfOpen(_ place: Int) -> FoundSocket?? {
        guard let id = tcp.halfOpens.index(at: place) else { return .some(nil) }
        let tuple = tcp.halfOpens[id].tuple
        var answer = answer(for: nil, tuple.local)
        answer.state = LinuxState.synReceived
        answer.timer = 1
        answer.retransmissions = tcp.halfOpens[id].attempts
        answer.set(local: tuple.local, remote: tuple.remote)
        return FoundSocket(answer: answer)
    }

    private func foundTimeWait(_ place: Int) -> FoundSocket?? {
        guard let id = tcp.timeWaits.index(at: place) else { return .some(nil) }
        let tuple = tcp.timeWaits[id].tuple
        var answer = answer(for: nil, tuple.local)
        answer.state = LinuxState.timeWait
        answer.timer = 3
        answer.set(local: tuple.local, remote: tuple.remote)
        return FoundSocket(answer: answer)
    }

    private func found(_ socket: borrowing DatagramSocket) -> FoundSocket?? {
        var answer = answer(for: socket.endpoint, socket.local)
        answer.state = socket.remote == nil ? LinuxState.closed : LinuxState.established
        answer.set(local: socket.local, remote: socket.remote)
        // A raw one has its protocol for a port.
        if socket.proto != .udp { answer.localPort = UInt16(socket.proto.rawValue) }
        answer.interface = UInt32(socket.options.boundInterface?.zone ?? 0)
        answer.receiveQueue = UInt32(clamping: socket.inbox.byteCount)
        return FoundSocket(answer: answer)
    }

    /// What an endpoint has whatever it is.
    private func answer(for endpoint: SlabIndex?, _ local: SocketAddress) -> DiagnosisAnswer {
        var answer = DiagnosisAnswer()
        var family = AddressFamily(of: local.address)
        if let endpoint, endpoints.contains(endpoint) {
            family = endpoints[endpoint].family
            answer.inode = Self.inode(endpoint)
            answer.cookie = UInt64(endpoint.generation) << 32 | UInt64(endpoint.place &+ 1)
        }
        answer.family = family == .inet ? NetlinkFamily.inet : NetlinkFamily.inet6
        return answer
    }

    /// A number for an endpoint that no other has now.
    static func inode(_ endpoint: SlabIndex) -> UInt32 { endpoint.place &+ 1 }

    /// What was asked of a connection besides.
    func writeDetails(
        of found: FoundSocket, _ request: DiagnosisRequest, _ writer: inout NetlinkWriter
    ) {
        guard let key = found.connection else { return }
        let flags = tcp.connections[key].flags
        let isReadShut = flags.contains(.readShutDown) || flags.contains(.finReceived)
        let shut: UInt8 = (isReadShut ? 1 : 0) | (flags.contains(.finQueued) ? 2 : 0)
        writer.attribute(DiagnosisAttribute.shutdown, shut)
    }
}

/// States of sockets as Linux numbers them.
enum LinuxState {
    static var established: UInt8 { 1 }
    static var synReceived: UInt8 { 3 }
    static var timeWait: UInt8 { 6 }
    static var closed: UInt8 { 7 }
    static var listen: UInt8 { 10 }

    static func of(_ state: ConnectionState) -> UInt8 {
        switch state {
        case .established: established
        case .synSent: 2
        case .synReceived: synReceived
        case .finWait1: 4
        case .finWait2: 5
        case .timeWait: timeWait
        case .closed: closed
        case .closeWait: 8
        case .lastAck: 9
        case .listen: listen
        case .closing: 11
        }
    }
}

extension DiagnosisAnswer {
    /// - Parameter remote: nil for nobody.
    fileprivate mutating func set(local: SocketAddress, remote: SocketAddress?) {
        let nobody: IPAddress =
            family == NetlinkFamily.inet ? .unspecifiedV4 : .unspecifiedV6
        self.local = local.address.isUnspecified ? nobody : local.address
        localPort = local.port
        self.remote = remote?.address ?? nobody
        remotePort = remote?.port ?? 0
        interface = UInt32(local.zone)
    }
}
