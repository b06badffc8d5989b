import Sockeye
import Testing

/// Listeners, connections and channels, on hosts of a simulation.
@Suite("Sequences of connections, bytes and datagrams")
struct ConvenienceTests {
    private let simulation = Simulation(seed: 9)

    private func names(_ network: Network) -> NameService {
        let server = simulation.addresses(of: "server").map { (name: "server", address: $0) }
        return NameService(network, NameConfiguration(hosts: server), random: simulation.random)
    }

    @Test("a server of a loop, a connection for each of twenty clients, by name")
    func echo() async throws {
        let server = try simulation.addHost("server")
        var clients: [Network] = []
        for number in 0..<4 { clients.append(try simulation.addHost("client\(number)")) }
        let listening = names(server)
        let connecting = clients.map { names($0) }
        let sums = try await simulation.run {
            let listener = try await StreamListener.listen(service: "7", with: listening)
            return try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    try await withThrowingTaskGroup(of: Void.self) { served in
                        for try await connection in listener {
                            served.addTask {
                                for try await chunk in connection.chunks {
                                    try await connection.send(chunk)
                                }
                                try connection.finish()
                            }
                        }
                        try await served.waitForAll()
                    }
                    return 0
                }
                for number in 0..<20 {
                    group.addTask {
                        let connection = try await StreamConnection.connect(
                            to: "server", service: "echo", with: connecting[number % 4])
                        try await connection.send([UInt8](repeating: UInt8(number), count: 1_000))
                        try connection.finish()
                        var sum = 0
                        for try await byte in connection.bytes { sum += Int(byte) }
                        return sum
                    }
                }
                var sums: [Int] = []
                while sums.count < 20, let sum = try await group.next() { sums.append(sum) }
                listener.close()
                try await group.waitForAll()
                return sums
            }
        }
        #expect(sums.sorted() == (0..<20).map { $0 * 1_000 })
    }

    @Test("who reads slowly holds back who sends (backpressure)")
    func backpressure() async throws {
        let server = try simulation.addHost("server")
        let client = try simulation.addHost("client")
        let place = SocketAddress(address: simulation.addresses(of: "server")[0], port: 9)
        let sent = try await simulation.run {
            let listener = try StreamListener.listen(at: place, on: server)
            let connection = try await StreamConnection.connect(to: place, on: client)
            var connections = listener.makeAsyncIterator()
            let accepted = try await connections.next()
            // Ten seconds without a reader, and far more than buffers hold.
            return await withTaskGroup(of: Int?.self) { group in
                group.addTask {
                    var sent = 0
                    let piece = [UInt8](repeating: 1, count: 100_000)
                    for _ in 0..<10_000 {
                        guard (try? await connection.send(piece)) != nil else { break }
                        sent += piece.count
                    }
                    return sent
                }
                group.addTask {
                    try? await client.clock.sleep(for: .seconds(10))
                    return nil
                }
                _ = await group.next()
                group.cancelAll()
                let sent = await group.next() ?? nil
                _ = accepted
                return sent ?? 0
            }
        }
        #expect(sent > 0)
        #expect(sent < 64 << 20)
    }

    @Test("datagrams are a sequence with their senders, until the channel is closed")
    func datagrams() async throws {
        let server = try simulation.addHost("server")
        let client = try simulation.addHost("client")
        let place = SocketAddress(address: simulation.addresses(of: "server")[0], port: 7)
        let heard = try await simulation.run {
            let channel = try DatagramChannel(at: place, on: server)
            let asking = try DatagramChannel.connected(to: place, on: client)
            return try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    var count = 0
                    for try await message in channel {
                        count += 1
                        try await channel.send(message.bytes.reversed(), to: message.source)
                    }
                    return count
                }
                var answers = asking.makeAsyncIterator()
                for number in UInt8(0)..<10 {
                    try await asking.send([number, 1, 2])
                    #expect(try await answers.next()?.bytes == [2, 1, number])
                }
                channel.close()
                return try await group.next() ?? 0
            }
        }
        #expect(heard == 10)
    }
}
