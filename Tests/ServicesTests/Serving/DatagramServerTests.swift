import Sockets
import Testing
import Wire

@testable import Services

@Suite("Servers over UDP", .timeLimit(.minutes(1)))
struct DatagramServerTests {
    private func mayBeAnswered(
        from port: UInt16, to address: IPAddress = .v4(10, 0, 0, 2)
    ) -> Bool {
        DatagramServer<Echo>.mayBeAnswered(
            from: SocketAddress(address: .v4(10, 0, 0, 1), port: port),
            to: address)
    }

    @Test(
        "services that answer everything are not answered (CERT CA-1996-01)",
        arguments: [0, 7, 13, 17, 19, 37] as [UInt16])
    func loops(port: UInt16) {
        #expect(!mayBeAnswered(from: port))
    }

    @Test("others are, unless they asked everybody")
    func others() {
        #expect(mayBeAnswered(from: 40_000))
        #expect(!mayBeAnswered(from: 40_000, to: .v4(224, 0, 0, 1)))
        #expect(!mayBeAnswered(from: 40_000, to: .v4(255, 255, 255, 255)))
    }

    @Test("a peer that is gone when its answer comes does not end the service")
    func gonePeer() async throws {
        try await Net.serving("echo") { net async throws in
            for _ in 0..<5 {
                let socket = Socket(.datagram, on: net.client)
                try socket.send([1, 2, 3].span, to: Net.address(7))
                socket.close()
            }
            try await Task.sleep(for: .milliseconds(20))
            #expect(try await net.ask(7, [4, 5, 6]) == [4, 5, 6])
        }
    }
}
