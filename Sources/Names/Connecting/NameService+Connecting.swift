import Glibc
import Sockets
import Stack
import Wire

/// Connecting and listening by name.
extension NameService {
    // MARK: - Connecting

    /// Connects a stream to a service of a host: its addresses of both families are tried, one
    /// after the other and beside each other, until one answers (RFC 8305, "Happy Eyeballs"). The
    /// others are given up.
    ///
    /// - Throws: Why the name was not found, or why the last address failed; `ECANCELED` when the
    ///   task is cancelled.
    public func connect(
        to host: String, service: String
    ) async throws(ConnectionFailure) -> Socket {
        let outcome = await withTaskGroup(of: RaceEvent.self) { group in
            for isIPv6 in [true, false] {
                group.addTask { await self.look(host, service, isIPv6: isIPv6) }
            }
            let outcome = await self.race(&group)
            group.cancelAll()
            // Who was connected a moment later is let go.
            while let event = await group.next() {
                if case .connected(let socket) = event { socket.abort() }
            }
            return outcome
        }
        return try outcome.get()
    }

    private enum RaceEvent: Sendable {
        case resolved(Result<[SocketAddress], NameError>, isIPv6: Bool)
        case connected(Socket)
        case failed(SocketError)
        case tick
    }

    private func race(
        _ group: inout TaskGroup<RaceEvent>
    ) async -> Result<Socket, ConnectionFailure> {
        var race = ConnectionRace(lookups: 2)
        var failure: ConnectionFailure?
        var alarm = Instant.never
        let clock = network.clock
        while true {
            switch race.next(at: clock.now) {
            case .attempt(let address):
                group.addTask { await self.attempt(address) }
                continue
            case .exhausted: return .failure(failure ?? .name(.noName))
            case .wait(let moment):
                // One that is set already will do, and wakes once in vain at most.
                if moment < alarm {
                    alarm = moment
                    group.addTask {
                        try? await clock.sleep(until: moment)
                        return .tick
                    }
                }
            }
            switch await group.next() {
            case .resolved(.success(let addresses), let isIPv6):
                race.resolved(addresses, isIPv6: isIPv6, at: clock.now)
                race.reorder(ordered)
            case .resolved(.failure(let error), let isIPv6):
                race.resolved([], isIPv6: isIPv6, at: clock.now)
                // What a socket met says more than that a family has no address.
                failure = failure ?? .name(error)
            case .connected(let socket): return .success(socket)
            case .failed(let error):
                race.failed()
                failure = .socket(error)
            case .tick: alarm = .never
            case nil: return .failure(failure ?? .name(.noName))
            }
            if Task.isCancelled { return .failure(.socket(SocketError(ECANCELED, in: "connect"))) }
        }
    }

    private func look(_ host: String, _ service: String, isIPv6: Bool) async -> RaceEvent {
        let hints = AddressHints(
            family: isIPv6 ? SocketNumber.inet6 : SocketNumber.inet, type: SocketNumber.stream)
        do throws(NameError) {
            let found = try await addresses(of: host, service: service, hints: hints)
            // Several protocols over the same address are one place to connect to.
            let tcp = found.filter { $0.protocolNumber == Self.tcp }
            return .resolved(.success(tcp.map(\.socketAddress)), isIPv6: isIPv6)
        } catch {
            return .resolved(.failure(error), isIPv6: isIPv6)
        }
    }

    private static let tcp: Int32 = 6

    private func attempt(_ address: SocketAddress) async -> RaceEvent {
        do throws(SocketError) {
            let socket = try Socket(
                .stream, family: address.address.isIPv4 ? .inet : .inet6, on: network)
            do throws(SocketError) {
                try await socket.connect(to: address)
                return .connected(socket)
            } catch {
                socket.close()
                throw error
            }
        } catch {
            return .failed(error)
        }
    }

    private func ordered(_ addresses: [SocketAddress]) -> [SocketAddress] {
        let candidates = surroundings.candidates(
            addresses.map { ($0.address, UInt32($0.zone)) }, tables.policies)
        var rest = addresses
        return DestinationCandidate.sorted(candidates).compactMap { candidate in
            guard let place = rest.firstIndex(where: { $0.address == candidate.address }) else {
                return nil
            }
            return rest.remove(at: place)
        }
    }

    // MARK: - Listening

    /// A socket that listens for connections to a service: at a host's first address that this
    /// machine has, or, for nil, at every address of both families.
    ///
    /// - Parameters:
    ///   - service: A name of `/etc/services` over TCP, or a port.
    ///   - backlog: Connections that may wait for `accept`.
    /// - Throws: Why the name was not found, or why the last address could not be listened at.
    public func listen(
        at host: String? = nil, service: String, backlog: Int = 128
    ) async throws(ConnectionFailure) -> Socket {
        let hints = AddressHints(flags: .passive, type: SocketNumber.stream)
        let found: [AddressInformation]
        do throws(NameError) {
            found = try await addresses(of: host, service: service, hints: hints)
        } catch {
            throw .name(error)
        }
        // A socket of `::` hears IPv4 too: it comes first.
        let places = found.filter { $0.protocolNumber == Self.tcp }
            .sorted { $0.family > $1.family && host == nil }
        var failure = SocketError(EADDRNOTAVAIL, in: "bind")
        for place in places {
            do throws(SocketError) {
                return try listen(at: place, backlog)
            } catch {
                failure = error
            }
        }
        throw .socket(failure)
    }

    private func listen(
        at place: AddressInformation, _ backlog: Int
    ) throws(SocketError) -> Socket {
        let socket = try Socket(
            .stream, family: place.family == SocketNumber.inet ? .inet : .inet6, on: network)
        do throws(SocketError) {
            // A service that starts again does not wait for its last connections to be forgotten.
            try socket.setOption(
                level: SOL_SOCKET, name: SO_REUSEADDR, ([1, 0, 0, 0] as [UInt8]).span)
            try socket.bind(to: place.socketAddress)
            try socket.listen(backlog: backlog)
            return socket
        } catch {
            socket.close()
            throw error
        }
    }
}
