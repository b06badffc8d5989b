import Devices
import Glibc
import Services
import Stack
import Wire

/// A question that is relayed: to one of the machine's servers, and to the next when that fails.
final class NameQuery: KernelMember {
    let message: [UInt8]
    /// Who asked inside, and whom.
    let source: SocketAddress
    let destination: SocketAddress
    var servers: ArraySlice<SocketAddress>
    var socket: SystemSocket?
    var place: Int?
    /// Until when the server may be silent.
    var deadline = Instant.never

    init(
        _ message: [UInt8], from source: SocketAddress, to destination: SocketAddress,
        servers: [SocketAddress]
    ) {
        self.message = message
        self.source = source
        self.destination = destination
        self.servers = servers[...]
    }

    func isReady(
        _ ready: Poller.Interest, _ gateway: Gateway, _ host: inout Host, at now: Instant
    ) {
        gateway.takeResponse(self, &host, at: now)
    }
}

/// Questions under way.
struct NameQueries {
    var all: [ObjectIdentifier: NameQuery] = [:]
    var isEmpty: Bool { all.isEmpty }

    static var limit: Int { 512 }
    /// How long a server is waited for: less than programs wait for the gateway, so that the next
    /// one still has its turn.
    static var patience: Interval { .milliseconds(1500) }
    /// How long the last one is waited for.
    static var lastPatience: Interval { .seconds(10) }
}

extension Gateway {
    /// A datagram came for a name server.
    func answerName(
        _ message: [UInt8], from source: SocketAddress, to destination: SocketAddress,
        _ host: inout Host, at now: Instant
    ) {
        switch nameServers.response(to: message, over: .datagram) {
        case .ignored: statistics.datagramsRefused &+= 1
        case .message(let response):
            statistics.queriesAnswered &+= 1
            reply(response, from: destination, to: source, &host)
        case .notOurs:
            let query = NameQuery(
                message, from: source, to: destination, servers: nameServers.current)
            guard queries.all.count < NameQueries.limit else { return fail(query, &host) }
            statistics.queriesRelayed &+= 1
            queries.all[ObjectIdentifier(query)] = query
            scheduleSweep(at: now)
            askNext(query, &host, at: now)
        }
    }

    private func reply(
        _ response: [UInt8], from source: SocketAddress, to target: SocketAddress,
        _ host: inout Host
    ) {
        try? host.sendForeignDatagram(
            response.span, from: source, to: target, on: link(of: target.address))
    }

    /// The interface that leads to a host inside by a loopback address; nil where routes do.
    func link(of address: IPAddress) -> InterfaceID? {
        address.isLoopback ? Self.inside : nil
    }

    /// Asks the next server that can be asked; tells of the failure when there is none.
    private func askNext(_ query: NameQuery, _ host: inout Host, at now: Instant) {
        close(query)
        let message = query.message
        while let server = query.servers.popFirst() {
            do throws(DeviceError) {
                let socket = try SystemSocket.make(SOCK_DGRAM, for: server.address)
                try socket.connect(to: server)
                _ = try socket.send(message.span)
                query.place = try kernel.add(query, socket)
                query.socket = socket
            } catch {
                continue
            }
            query.deadline =
                now + (query.servers.isEmpty ? NameQueries.lastPatience : NameQueries.patience)
            return
        }
        fail(query, &host)
    }

    private func fail(_ query: NameQuery, _ host: inout Host) {
        queries.all[ObjectIdentifier(query)] = nil
        guard let response = DNSZone.failure(of: query.message) else { return }
        reply(response, from: query.destination, to: query.source, &host)
    }

    private func close(_ query: NameQuery) {
        guard let socket = query.socket else { return }
        if let place = query.place { kernel.remove(place, socket) }
        (query.place, query.socket) = (nil, nil)
        socket.close()
    }

    func takeResponse(_ query: NameQuery, _ host: inout Host, at now: Instant) {
        var buffer = datagrams.takeBuffer()
        defer { datagrams.buffer = buffer }
        while let socket = query.socket {
            let count: Int
            do throws(DeviceError) {
                var span = buffer.mutableSpan
                count = try socket.receive(into: &span)
            } catch {
                if error.code != EAGAIN { askNext(query, &host, at: now) }
                return
            }
            let response = buffer[..<count]
            // The same number, and a response (RFC 1035 §4.1.1).
            guard count >= 12, response[0] == query.message[0], response[1] == query.message[1],
                response[2] & 0x80 != 0
            else { continue }
            // SERVFAIL, NOTIMP and REFUSED: another may know, as the C library has it.
            if [2, 4, 5].contains(response[3] & 15), !query.servers.isEmpty {
                return askNext(query, &host, at: now)
            }
            close(query)
            queries.all[ObjectIdentifier(query)] = nil
            return reply(Array(response), from: query.destination, to: query.source, &host)
        }
    }

    func sweepQueries(_ host: inout Host, at now: Instant) {
        for query in Array(queries.all.values) where query.deadline <= now {
            askNext(query, &host, at: now)
        }
    }
}
