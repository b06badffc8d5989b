import Glibc
import Memory
import Sockets
import Stack
import Wire

/// What is done with each datagram of a server.
public protocol DatagramService: Sendable {
    /// The payload to answer with, nil for no answer.
    func reply(to payload: [UInt8]) async -> [UInt8]?
}

/// A service over UDP: every datagram is answered to where it came from.
public struct DatagramServer<Service: DatagramService>: Sendable {
    private let service: Service
    private let socket: Socket
    private let limits: ServiceLimits

    /// Begins to take datagrams; they are answered once it runs.
    ///
    /// - Parameter limits: `connections` is how many datagrams are worked on at a time; with 1,
    ///   answers keep the order of what they answer.
    /// - Throws: `EADDRINUSE`, `EADDRNOTAVAIL`.
    public init(
        _ service: Service, on network: Network, at address: SocketAddress,
        limits: ServiceLimits = ServiceLimits(connections: 1)
    ) throws(SocketError) {
        self.service = service
        self.limits = limits
        socket = try Socket(.datagram, family: AddressFamily(of: address.address), on: network)
        try socket.bind(to: address)
        try PacketInfo.ask(socket)
    }

    /// Where it takes datagrams.
    public var address: SocketAddress {
        get throws(SocketError) { try socket.localAddress }
    }

    /// Serves until the task is cancelled or the host stops.
    public func run() async {
        let slots = ServiceSlots(limits.connections)
        var buffer = [UInt8](repeating: 0, count: 65_535)
        await withDiscardingTaskGroup { group in
            while await slots.take(), let datagram = await nextDatagram(into: &buffer) {
                let payload = Array(buffer[..<datagram.count])
                group.addTask {
                    await answer(payload, to: datagram)
                    slots.give()
                }
            }
            group.cancelAll()
        }
        socket.close()
    }

    private func answer(_ payload: [UInt8], to datagram: ReceivedMessage) async {
        guard let reply = await service.reply(to: payload) else { return }
        // From where it was sent to, which the peer waits for (RFC 1122 §4.1.3.5).
        let control = PacketInfo(datagram.control).map { [$0.reply] } ?? []
        // A peer that cannot be reached, or a reply too long for it, is its own concern.
        _ = try? await socket.sendMessage(reply, to: datagram.source, control: control)
    }

    /// Nil when there will be none any more.
    private func nextDatagram(into buffer: inout [UInt8]) async -> ReceivedMessage? {
        while !Task.isCancelled {
            do throws(SocketError) {
                let datagram = try await socket.receiveMessage(into: &buffer)
                let own = PacketInfo(datagram.control)?.destination
                if let source = datagram.source?.address,
                    Self.mayBeAnswered(from: source, to: own ?? .unspecifiedV4)
                {
                    return datagram
                }
            } catch {
                guard ![ECANCELED, EBADF, EINVAL, ESHUTDOWN].contains(error.code) else {
                    return nil
                }
                // An earlier reply met an error: its peer is gone.
            }
        }
        return nil
    }

    /// Whether the source wants an answer. Services that answer whatever comes would answer each
    /// other for ever (CERT CA-1996-01); and a datagram to many would have many answer.
    static func mayBeAnswered(
        from source: SocketAddress, to destination: IPAddress
    ) -> Bool {
        ![0, 7, 13, 17, 19, 37].contains(source.port)
            && !destination.isMulticast && !destination.isBroadcast
    }
}
