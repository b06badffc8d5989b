import Devices
import Dissection
import Glibc
import Memory
import Services
import Setup
import Sockets
import Stack
import Synchronization
import Wire

/// `sockeye demo`: two hosts on a wire, and what passes between them.
struct DemoCommand {
    private static let left = IPAddress.v4(10, 0, 0, 1)
    private static let right = IPAddress.v4(10, 0, 0, 2)

    private var capture = "demo.pcap"

    init(_ arguments: consuming Arguments) throws(CommandError) {
        while let option = arguments.nextOption() {
            switch option {
            case "--capture": capture = try arguments.value(of: option, "a file")
            default: throw arguments.unknown(option)
            }
        }
        if let extra = arguments.rest.first { throw .usage("demo: unexpected '\(extra)'") }
    }

    func run() throws(CommandError) -> Int32 {
        let story = DemoStory()
        let printer = PacketPrinter(.ethernet) { story.say("  " + $0) }
        let recording = try Recording(path: capture, printer: printer)
        let net = try wire(recording, story)
        let result = Mutex<CommandError?>(nil)
        let isDone = Parker()
        Task {
            do throws(CommandError) {
                try await tell(story, net.client, net.server)
            } catch {
                result.withLock { $0 = error }
            }
            isDone.unpark()
        }
        guard isDone.park(until: MonotonicClock.now() + .seconds(30)) else {
            throw .failure("demo: the hosts did not come to an end within 30 seconds")
        }
        if let error = result.withLock({ $0 }) { throw error }
        net.client.stop()
        net.server.stop()
        try recording.close()
        Terminal.print("")
        Terminal.print("All packets are in \(capture): try 'tcpdump -n -r \(capture)'.")
        return 0
    }

    /// Two hosts and the wire between them. Packets are looked at on the client's end.
    private func wire(
        _ recording: Recording, _ story: DemoStory
    ) throws(CommandError) -> (client: HostDriver, server: HostDriver) {
        let pools = BufferPools(BufferPools.Plan(byteLimit: 16 << 20))
        let capabilities = DeviceCapabilities(
            isEthernet: true, mtu: 1500, offloadsChecksums: true, segments: false)
        let ends: (WireEnd, WireEnd)
        do throws(DeviceError) {
            ends = try MemoryWire.pair(capabilities: capabilities, pools: pools)
        } catch {
            throw .failure("\(error)")
        }
        let observer = recording.observer
        let client = try host(ends.0, Self.left, pools) { packet in
            observer?(packet)
            story.draw(packet)
        }
        let server = try host(ends.1, Self.right, pools, nil)
        try BuiltHost.start(client)
        try BuiltHost.start(server)
        return (client, server)
    }

    private func host(
        _ end: WireEnd, _ address: IPAddress, _ pools: BufferPools, _ observer: PacketObserver?
    ) throws(CommandError) -> HostDriver {
        guard let prefix = IPPrefix(address: address, length: 24) else {
            throw .failure("24 is a prefix length")
        }
        return try BuiltHost.make(
            .wire(end), named: "wire0", at: prefix, pools: pools, observer: observer)
    }

    // MARK: - The story

    private func tell(
        _ story: DemoStory, _ client: HostDriver, _ server: HostDriver
    ) async throws(CommandError) {
        let requests = [
            ServiceRequest(.echo), ServiceRequest(.daytime), ServiceRequest(.http(directory: nil)),
        ]
        let services: ServiceSet
        do throws(ServiceError) {
            services = try ServiceSet(requests, on: Network(server))
        } catch {
            throw .failure("\(error)")
        }
        let serving = Task { await services.run() }
        story.say("Two hosts on a wire: \(Self.left), which asks, and \(Self.right), which serves.")
        do throws(SocketError) {
            try await echo(story, client, server)
            try await daytime(story, client)
            try await page(story, client)
        } catch {
            throw .failure("demo: \(error)")
        }
        story.say("The client's sockets now. Connections it closed first stay in TIME-WAIT:")
        for line in SocketTable.lines(client.withHost { $0.sockets }) { story.say("  " + line) }
        story.say("The server's:")
        for line in SocketTable.lines(server.withHost { $0.sockets }) { story.say("  " + line) }
        serving.cancel()
    }

    /// The echo service, with the whole conversation drawn as a ladder.
    private func echo(
        _ story: DemoStory, _ client: HostDriver, _ server: HostDriver
    ) async throws(SocketError) {
        story.chapter(
            "Echo (port 7). First the client asks who has the server's address (ARP). Then the "
                + "three segments of the handshake: SYN, SYN-ACK, ACK.")
        let socket = Socket(.stream, on: client)
        try await socket.connect(to: SocketAddress(address: Self.right, port: 7))
        story.follow(try socket.localAddress, try socket.remoteAddress)
        await story.pause()
        story.say("Both sides are ESTABLISHED. The client's table of sockets:")
        for line in SocketTable.lines(client.withHost { $0.sockets }) { story.say("  " + line) }
        story.say("The client says hello, and the server says it back:")
        try await socket.send(Array("hello\n".utf8))
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = try await socket.receive(into: &buffer)
        await story.pause()
        let text = String(decoding: buffer[..<count], as: UTF8.self)
        story.say("The client received \(count) bytes: \(text.debugDescription)")
        story.say("The client ends its side (FIN), the server acknowledges and ends its own:")
        try socket.shutdown(.sending)
        _ = try await socket.receive(into: &buffer)
        socket.close()
        await story.pause()
        story.say("The same conversation as textbooks draw it:")
        story.showLadder()
    }

    private func daytime(_ story: DemoStory, _ client: HostDriver) async throws(SocketError) {
        story.chapter("Daytime (port 13). The server sends the date and closes first.")
        let answer = try await ask(client, 13, nil)
        await story.pause()
        story.say("The client received: \(answer.split(whereSeparator: \.isNewline).first ?? "")")
    }

    private func page(_ story: DemoStory, _ client: HostDriver) async throws(SocketError) {
        story.chapter("A web page (port 80).")
        let request = "GET / HTTP/1.1\r\nHost: 10.0.0.2\r\nConnection: close\r\n\r\n"
        let answer = try await ask(client, 80, request)
        await story.pause()
        let lines = answer.split(separator: "\r\n", omittingEmptySubsequences: false)
        story.say("The client received \(answer.utf8.count) bytes, which begin:")
        for line in lines.prefix(3) { story.say("  \(line)") }
    }

    /// Connects, sends `request` if there is one, and reads to the end of the stream.
    private func ask(
        _ client: HostDriver, _ port: UInt16, _ request: String?
    ) async throws(SocketError) -> String {
        let socket = Socket(.stream, on: client)
        try await socket.connect(to: SocketAddress(address: Self.right, port: port))
        if let request { try await socket.send(Array(request.utf8)) }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = try await socket.receive(into: &buffer)
            guard count > 0 else { break }
            answer += buffer[..<count]
        }
        socket.close()
        return String(decoding: answer, as: UTF8.self)
    }
}
