import Devices
import Glibc
import Names
import Services
import Stack
import Wire

/// A connection to a name server: the gateway answers what it knows itself, and with the first
/// question beyond that becomes a connection to one of the machine's servers.
final class NameStream {
    /// The question on which it was passed on, for whom nobody can be asked.
    var question: [UInt8] = []
    /// Bytes that came and make no whole message yet.
    var held: [UInt8] = []
    var servers: ArraySlice<SocketAddress>

    init(_ servers: [SocketAddress]) { self.servers = servers[...] }
}

extension Gateway {
    /// Somebody inside connects to a name server.
    func openNames(_ request: StreamRequest, _ host: inout Host) {
        do throws(StackError) {
            let endpoint = try host.accept(request.id)
            nameStreams[endpoint] = NameStream(nameServers.current)
            try host.setNoDelay(endpoint, true)
        } catch {
            return
        }
    }

    /// Takes what came, and answers it.
    func run(_ stream: NameStream, _ endpoint: EndpointID, _ host: inout Host) {
        while true {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count: Int
            do throws(StackError) {
                var span = bytes.mutableSpan
                count = try host.receive(endpoint, into: &span)
            } catch {
                if error != .wouldBlock { close(stream, endpoint, &host, resets: true) }
                return
            }
            guard count > 0 else { return close(stream, endpoint, &host, resets: false) }
            stream.held += bytes[..<count]
            while case let held = stream.held,
                let message = DNSFraming.takeMessage(from: &stream.held)
            {
                switch nameServers.response(to: message, over: .stream) {
                case .ignored: return close(stream, endpoint, &host, resets: true)
                case .message(let response):
                    statistics.queriesAnswered &+= 1
                    guard send(response, endpoint, &host) else {
                        return close(stream, endpoint, &host, resets: true)
                    }
                case .notOurs:
                    statistics.queriesRelayed &+= 1
                    stream.question = message
                    stream.held = held
                    nameStreams[endpoint] = nil
                    return relay(stream, endpoint, &host)
                }
            }
        }
    }

    /// Sends a response whole; false where there is no room for it, as for who asks and does not read.
    private func send(
        _ response: [UInt8], _ endpoint: EndpointID, _ host: inout Host
    ) -> Bool {
        let framed = DNSFraming.framed(response)
        do throws(StackError) {
            return try host.send(endpoint, framed.span) == framed.count
        } catch {
            return false
        }
    }

    private func close(
        _ stream: NameStream, _ endpoint: EndpointID, _ host: inout Host, resets: Bool
    ) {
        nameStreams[endpoint] = nil
        if resets {
            try? host.abort(endpoint)
        } else {
            try? host.close(endpoint)
        }
    }

    /// Connects to the next server; says that nobody could be asked when there is none.
    private func relay(_ stream: NameStream, _ endpoint: EndpointID, _ host: inout Host) {
        while let server = stream.servers.popFirst() {
            do throws(DeviceError) {
                let flow = StreamFlow(try .make(SOCK_STREAM, for: server.address), .joining)
                flow.names = stream
                flow.preface = stream.held
                try connect(flow, to: server)
                adopt(endpoint, flow, &host)
                return
            } catch {
                continue
            }
        }
        if let response = DNSZone.failure(of: stream.question) {
            _ = send(response, endpoint, &host)
        }
        close(stream, endpoint, &host, resets: false)
    }

    /// The connect to a server has ended, maybe.
    func finishJoining(_ flow: StreamFlow, _ host: inout Host) {
        guard flow.isWritable, let endpoint = flow.endpoint else { return }
        guard flow.socket.takeErrorCode() != 0 else {
            flow.phase = .open
            return pump(flow, &host)
        }
        flow.endpoint = nil
        streams[endpoint] = nil
        end(flow, &host, resets: false)
        guard let stream = flow.names else { return }
        relay(stream, endpoint, &host)
    }
}
