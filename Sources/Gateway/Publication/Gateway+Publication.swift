import Devices
import Glibc
public import Sockets
public import Stack
public import Wire

/// The machine's world, let in.
extension Gateway {
    /// Takes a port on the machine, so that nobody else has it; port 0 asks for a free one. Nothing is
    /// carried before it is opened.
    ///
    /// - Parameters:
    ///   - kind: `stream` or `datagram`.
    ///   - address: One of the machine's addresses, or an unspecified one: `::` is for both families
    ///     unless the options say otherwise.
    /// - Throws: `EADDRINUSE`, `EADDRNOTAVAIL`, `EAFNOSUPPORT`; `EACCES` for a port that only the
    ///   machine's administrator may have; `EINVAL` for other kinds.
    public func reserve(
        _ kind: EndpointKind, at address: SocketAddress,
        options: PublishedPortOptions = PublishedPortOptions()
    ) throws(SocketError) -> PublishedPort {
        guard kind == .stream || kind == .datagram else { throw SocketError(EINVAL, in: "bind") }
        do throws(DeviceError) {
            let socket = try SystemSocket.make(
                kind == .stream ? SOCK_STREAM : SOCK_DGRAM, for: address.address)
            if options.reusesAddress { try socket.setNumber(SOL_SOCKET, SO_REUSEADDR, 1) }
            if options.reusesPort { try socket.setNumber(SOL_SOCKET, SO_REUSEPORT, 1) }
            if !address.address.isIPv4 {
                try socket.setNumber(
                    CInt(IPPROTO_IPV6), IPV6_V6ONLY, options.isIPv6Only ? 1 : 0)
            }
            if kind == .datagram { socket.keepErrors(isIPv4: address.address.isIPv4) }
            try socket.bind(to: address.kernelName)
            let port = socket.localAddress?.port ?? address.port
            return PublishedPort(
                kind, SocketAddress(address: address.address, port: port), socket, self)
        } catch {
            throw SocketError(error.code, in: error.operation)
        }
    }

    /// Carries what comes to a port of the machine's to a socket inside: `--publish`.
    ///
    /// - Throws: As `reserve`.
    @discardableResult
    public func publish(
        _ kind: EndpointKind, at address: SocketAddress, to inside: SocketAddress
    ) throws(SocketError) -> PublishedPort {
        var options = PublishedPortOptions()
        options.reusesAddress = kind == .stream
        let port = try reserve(kind, at: address, options: options)
        try port.open(backlog: 4096, to: inside)
        return port
    }

    // MARK: - Connections

    /// Connections that one port takes in a turn.
    private static var acceptLimit: Int { 64 }

    /// Takes connections; whether there may be more.
    func takeConnections(_ port: PublishedPort, _ host: inout Host) -> Bool {
        for _ in 0..<Self.acceptLimit {
            let socket: SystemSocket
            do throws(DeviceError) { socket = try port.socket.accept() } catch {
                return error.code != EAGAIN
            }
            enter(socket, port, &host)
        }
        return true
    }

    /// Asks the host inside for a connection, in the name of who connected to the machine.
    private func enter(_ socket: SystemSocket, _ port: PublishedPort, _ host: inout Host) {
        let flow = StreamFlow(socket, .entering)
        guard streams.count < configuration.flowLimit, let peer = socket.remoteAddress,
            let target = port.destination(for: peer, at: socket.localAddress, configuration)
        else { return end(flow, &host, resets: true) }
        let source = visible(peer)
        do throws(StackError) {
            let endpoint = host.open(.stream, family: AddressFamily(of: source.address))
            flow.endpoint = endpoint
            var options = try host.options(of: endpoint)
            options.isTransparent = true
            options.sharesAddress = true
            if source.address.isLoopback || target.address.isLoopback {
                options.boundInterface = Self.inside
            }
            try host.setOptions(options, of: endpoint)
            try host.bind(endpoint, to: source)
            do throws(StackError) {
                try host.connect(endpoint, to: target)
            } catch {
                guard error == .inProgress else { throw error }
            }
            socket.sendAtOnce()
            do throws(DeviceError) {
                flow.place = try kernel.add(flow, socket)
            } catch {
                throw StackError.noBufferSpace
            }
            adopt(endpoint, flow, &host)
        } catch {
            end(flow, &host, resets: true)
        }
    }

    /// As whom somebody of the machine's world is seen inside: by the true address, but for those that
    /// mean nothing on another link, which are seen as the gateway.
    private func visible(_ peer: SocketAddress) -> SocketAddress {
        let address = peer.address
        let isMeaningless =
            address.isLinkLocal && !address.isIPv4
            || address.isLoopback && !configuration.insideTakesLoopback
        let own = configuration.addresses.first { $0.address.isIPv4 == address.isIPv4 }
        return SocketAddress(
            address: isMeaningless ? own?.address ?? address : address, port: peer.port)
    }

    /// The connect inside has ended, maybe.
    func finishEntering(_ flow: StreamFlow, _ host: inout Host) {
        guard let endpoint = flow.endpoint else { return }
        do throws(StackError) {
            try host.finishConnect(endpoint)
        } catch {
            if error == .alreadyInProgress { return }
            return end(flow, &host, resets: true)
        }
        statistics.connectionsIn &+= 1
        flow.phase = .open
        pump(flow, &host)
    }

    // MARK: - Datagrams

    /// Tells who sent from a port inside what became of it.
    func takeErrors(_ port: PublishedPort, _ host: inout Host) {
        while let error = ReportedDatagramError(next: port.socket) {
            guard let speaker = port.speaker else { continue }
            var destination = error.destination
            if destination.address.isLoopback, let name = port.loopbackName {
                destination.address = name
            }
            let isItself = error.reporter == error.destination.address
            host.refuseDatagram(
                from: speaker, to: destination, error.refusal,
                by: isItself ? destination.address : error.reporter, on: Self.inside,
                quoting: error.payload)
        }
    }

    /// Takes datagrams; whether there may be more.
    func takeDatagrams(_ port: PublishedPort, _ host: inout Host) -> Bool {
        var buffer = datagrams.takeBuffer()
        defer { datagrams.buffer = buffer }
        for _ in 0..<DatagramFlows.turnLimit {
            let (count, source): (Int, SocketAddress?)
            do throws(DeviceError) {
                var span = buffer.mutableSpan
                (count, source) = try port.socket.receiveDatagram(into: &span)
            } catch {
                if error.code == EAGAIN { return false }
                continue
            }
            guard let source else { continue }
            let peer = visible(source)
            let local = source.address.isLoopback ? source.loopback : nil
            guard let target = port.destination(for: peer, at: local, configuration) else {
                continue
            }
            statistics.datagramsIn &+= 1
            let crosses = peer.address.isLoopback || target.address.isLoopback
            try? host.sendForeignDatagram(
                buffer.span.extracting(first: count), from: peer, to: target,
                on: crosses ? Self.inside : nil)
        }
        return true
    }
}

extension SocketAddress {
    /// The loopback address of its family.
    fileprivate var loopback: SocketAddress {
        SocketAddress(
            address: address.isIPv4 ? .v4(127, 0, 0, 1) : IPAddress(IPv6Address.loopback), port: 0)
    }
}
