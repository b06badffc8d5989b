import Devices
import Foundation
import Sockets
import Stack
import Synchronization
import Testing
import Wire

@testable import Servers

/// More than a hundred clients at once, each byte of whose answers is looked at.
@Suite("Servers under load", .serialized)
struct LoadTests {
    static let clients = 120

    @Test(
        "answer all, in each style, on the kernel's sockets and on a Sockeye host",
        .timeLimit(.minutes(3)), arguments: Style.allCases, Service.allCases)
    func streams(style: Style, service: Service) async throws {
        let driver = try HostDriver(HostConfiguration(seed: (1, 2)), links: [])
        try driver.start()
        defer { driver.stop() }
        for network in [Network(driver), .kernel] {
            let listener = try Socket(.stream, on: network)
            try listener.bind(to: SocketAddress(address: .v4(127, 0, 0, 1), port: 0))
            try listener.listen()
            if style == .tasks {
                Task { try await serveByTasks(service, on: listener) }
            } else {
                try SystemThread.start { try? serveBlocking(service, style, on: listener) }
            }
            let address = try listener.localAddress
            let right = try await load(service, network, address)
            #expect(right == Self.clients)
            listener.close()
        }
    }

    @Test("answer all with a process for each client", arguments: Service.allCases)
    func processes(service: Service) async throws {
        let (process, port) = try forkServer(service)
        defer { process.terminate() }
        let address = SocketAddress(address: .v4(127, 0, 0, 1), port: port)
        #expect(try await load(service, .kernel, address) == Self.clients)
    }

    @Test("answer datagrams in one loop", .timeLimit(.minutes(2)))
    func datagrams() async throws {
        let driver = try HostDriver(HostConfiguration(seed: (1, 2)), links: [])
        try driver.start()
        defer { driver.stop() }
        for network in [Network(driver), .kernel] {
            let server = try Socket(.datagram, on: network)
            try server.bind(to: SocketAddress(address: .v4(127, 0, 0, 1), port: 0))
            let address = try server.localAddress
            try SystemThread.start { try? serveDatagrams(on: server) }
            let right = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<Self.clients {
                    group.addTask { try await exchange(number, network, address) }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(right == Self.clients)
            server.close()
        }
    }

    /// How many of all clients got the right answer.
    private func load(
        _ service: Service, _ network: Network, _ address: SocketAddress
    ) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<Self.clients {
                group.addTask { try await ask(service, number, network, address) }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }
}

/// One client's conversation; whether each byte of the answer was right.
private func ask(
    _ service: Service, _ number: Int, _ network: Network, _ address: SocketAddress
) async throws -> Bool {
    let size = number * 331
    let content = Shelf.content(of: "\(size)") ?? []
    let (question, answer): ([UInt8], [UInt8]) =
        switch service {
        case .echo: (content, content)
        case .files: (Array("\(size)\n".utf8), Array("\(size) bytes\n".utf8) + content)
        case .web:
            (
                Array("GET /\(size) HTTP/1.0\r\n\r\n".utf8),
                Array(
                    ("HTTP/1.0 200 OK\r\nContent-Type: application/octet-stream\r\n"
                        + "Content-Length: \(size)\r\n\r\n").utf8) + content
            )
        }
    let socket = try Socket(.stream, on: network)
    return try await network.clock.withTimeout(.seconds(60)) {
        try await socket.connect(to: address)
        async let sent: Void = {
            try await socket.send(question)
            try socket.shutdown(.sending)
        }()
        var heard: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = try await socket.receive(into: &buffer)
            guard count > 0 else { break }
            heard += buffer[..<count]
        }
        try await sent
        return heard == answer
    }
}

/// One datagram there and back, again where it was lost.
private func exchange(
    _ number: Int, _ network: Network, _ address: SocketAddress
) async throws -> Bool {
    let socket = try Socket(.datagram, on: network)
    try await socket.connect(to: address)
    let question = Shelf.content(of: "\(number * 11 + 1)") ?? []
    var buffer = [UInt8](repeating: 0, count: 65_535)
    for _ in 0..<50 {
        _ = try await socket.sendMessage(question)
        do {
            let count = try await network.clock.withTimeout(.milliseconds(300)) {
                try await socket.receiveMessage(into: &buffer).count
            }
            return Array(buffer[..<count]) == question
        } catch {
            continue
        }
    }
    return false
}

/// Starts Examples/ForkServer, and reads where it listens.
private func forkServer(_ service: Service) throws -> (Process, UInt16) {
    let process = Process()
    let bundle = try #require(CommandLine.arguments.first { $0.contains(".xctest") })
    // Beside the tests.
    process.executableURL = URL(fileURLWithPath: bundle).deletingLastPathComponent()
        .appendingPathComponent("ForkServer")
    process.arguments = [service.rawValue]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    var line: [UInt8] = []
    while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first,
        byte != UInt8(ascii: "\n")
    {
        line.append(byte)
    }
    let port = try #require(UInt16(String(decoding: line, as: UTF8.self)))
    return (process, port)
}
