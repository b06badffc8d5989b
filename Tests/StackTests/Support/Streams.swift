import Memory
import Wire

@testable import Stack

/// Bytes whose value tells their place: a byte that is lost, doubled or moved shows.
enum Pattern {
    /// Prime, so that no power of two hides a shift.
    static let period = 4093

    /// Many periods one after the other, so that any piece is contiguous.
    static let repeated: [UInt8] = {
        var source = RandomSource(seed: 5, 6)
        let first = (0..<period).map { _ in UInt8(truncatingIfNeeded: source.next()) }
        return (0..<20).flatMap { _ in first }
    }()
}

/// An application that sends so many bytes of the pattern and reads what the other side sends.
struct Talker {
    let side: Simulation.Side
    let endpoint: EndpointID
    var toSend: Int
    /// Whether the end of the stream follows the last byte.
    var shutsDown = true
    var sent = 0
    var received = 0
    var isCorrect = true
    var sawEnd = false
    var hasShutDown = false
    var error: StackError?

    init(_ side: Simulation.Side, _ endpoint: EndpointID, sends count: Int) {
        self.side = side
        self.endpoint = endpoint
        toSend = count
    }

    /// Sends and reads what is possible now.
    mutating func act(_ host: inout Host, _ buffer: inout [UInt8]) {
        send(&host)
        read(&host, &buffer)
    }

    private mutating func send(_ host: inout Host) {
        while sent < toSend {
            let begin = sent % Pattern.period
            let count = min(toSend - sent, 65536, Pattern.repeated.count - begin)
            let piece = Pattern.repeated.span.extracting(begin..<begin + count)
            do throws(StackError) {
                sent += try host.send(endpoint, piece)
            } catch {
                if error != .wouldBlock { self.error = error }
                return
            }
        }
        guard shutsDown, !hasShutDown else { return }
        do throws(StackError) {
            try host.shutdownSend(endpoint)
            hasShutDown = true
        } catch {
            self.error = error
        }
    }

    private mutating func read(_ host: inout Host, _ buffer: inout [UInt8]) {
        while !sawEnd {
            var span = buffer.mutableSpan
            do throws(StackError) {
                let count = try host.receive(endpoint, into: &span)
                if count == 0 { sawEnd = true }
                check(buffer, count)
                received += count
            } catch {
                if error != .wouldBlock { self.error = error }
                return
            }
        }
    }

    private mutating func check(_ buffer: [UInt8], _ count: Int) {
        let begin = received % Pattern.period
        guard buffer[..<count] == Pattern.repeated[begin..<begin + count] else {
            isCorrect = false
            return
        }
    }
}

extension Simulation {
    /// A listener at the server.
    func listen(_ port: UInt16 = 80, backlog: Int = 16) throws -> EndpointID {
        let listener = server.open(.stream, family: family)
        try server.bind(
            listener, to: SocketAddress(address: family.unspecified, port: port))
        try server.listen(listener, backlog: backlog)
        return listener
    }

    /// A connection attempt of the client.
    func connect(_ port: UInt16 = 80) throws -> EndpointID {
        let endpoint = client.open(.stream, family: family)
        do throws(StackError) {
            try client.connect(
                endpoint, to: SocketAddress(address: serverAddress, port: port))
        } catch .inProgress {
        }
        return endpoint
    }

    /// An established connection: the client's endpoint and the server's.
    func establish(
        _ port: UInt16 = 80
    ) throws -> (client: EndpointID, server: EndpointID, listener: EndpointID) {
        let listener = try listen(port)
        let connecting = try connect(port)
        var accepted: EndpointID?
        run(.seconds(300)) {
            if accepted == nil { accepted = try? server.accept(listener) }
            return accepted != nil
        }
        guard let accepted else { throw StackError.timedOut }
        return (connecting, accepted, listener)
    }

    /// Lets two applications talk until both have seen the end of the other's stream; whether
    /// they did within `limit`.
    func talk(
        _ a: inout Talker, _ b: inout Talker, _ limit: Interval = .seconds(600)
    ) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let end = now + limit
        while !(a.sawEnd && b.sawEnd) {
            a.act(&self[a.side], &buffer)
            b.act(&self[b.side], &buffer)
            if a.sawEnd && b.sawEnd { break }
            guard now < end, a.error == nil, b.error == nil, step(until: end) else { return false }
        }
        return true
    }

    func endpointState(_ side: Side, _ endpoint: EndpointID) -> ConnectionState? {
        side == .client ? client.state(of: endpoint) : server.state(of: endpoint)
    }
}

extension Host {
    /// The state of a stream's connection, nil where it has none.
    func state(of endpoint: EndpointID) -> ConnectionState? {
        guard endpoints.contains(endpoint.index),
            case .connection(let key) = endpoints[endpoint.index].role,
            tcp.connections.contains(key)
        else { return nil }
        return tcp.connections[key].state
    }
}
