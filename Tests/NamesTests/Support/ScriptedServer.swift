import Sockets
import Stack
import Wire

@testable import Names

/// A DNS server that answers as a test says, over both transports.
struct ScriptedServer: Sendable {
    /// The replies to a query, none for silence.
    let answer: @Sendable (_ query: [UInt8], Inquiry.Transport) -> [[UInt8]]

    /// Serves until the task is cancelled.
    func run(on network: Network, at address: IPAddress, port: UInt16 = 53) async {
        let place = SocketAddress(address: address, port: port)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await datagrams(network, place) }
            group.addTask { try? await streams(network, place) }
        }
    }

    private func datagrams(_ network: Network, _ place: SocketAddress) async throws {
        let socket = try Socket(.datagram, family: family(place), on: network)
        try socket.bind(to: place)
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let message = try await socket.receiveMessage(into: &buffer)
            for reply in answer(Array(buffer[..<message.count]), .datagram) {
                _ = try await socket.sendMessage(reply, to: message.source)
            }
        }
    }

    private func streams(_ network: Network, _ place: SocketAddress) async throws {
        let listener = try Socket(.stream, family: family(place), on: network)
        try listener.bind(to: place)
        try listener.listen()
        while true {
            let socket = try await listener.accept()
            var held: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4_096)
            while let count = try? await socket.receive(into: &buffer), count > 0 {
                held += buffer[..<count]
                while let query = DNSFraming.takeMessage(from: &held) {
                    for reply in answer(query, .stream) {
                        try? await socket.send(DNSFraming.framed(reply))
                    }
                }
            }
        }
    }

    private func family(_ place: SocketAddress) -> AddressFamily {
        place.address.isIPv4 ? .inet : .inet6
    }
}
