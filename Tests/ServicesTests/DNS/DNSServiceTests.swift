import Sockets
import Testing
import Wire

@testable import Names
@testable import Services

@Suite("DNS over the wire", .timeLimit(.minutes(1)))
struct DNSServiceTests {
    private let query = DNSSamples.query("services.sockeye")

    @Test("a datagram is answered with one")
    func datagram() async throws {
        try await Net.serving("dns") { net async throws in
            let response = try await net.ask(53, query)
            #expect(response.suffix(4) == [10, 0, 2, 4])
        }
    }

    @Test("queries over TCP come one after the other, however they are cut (RFC 7766)")
    func stream() async throws {
        try await Net.serving("dns") { net async throws in
            let framed = [0, UInt8(query.count)] + query
            let received = try await net.exchange(53, framed + framed + framed)
            let count = 2 + query.count + 16
            #expect(received.count == 3 * count)
            for place in stride(from: 0, to: received.count, by: count) {
                #expect(DNSSamples.word(received, place) == UInt16(count - 2))
                #expect(received[place + count - 4..<place + count] == [10, 0, 2, 4])
            }
        }
    }

    @Test("a length that lies gets nothing, and no other client notices")
    func lyingLength() async throws {
        try await Net.serving("dns") { net async throws in
            #expect(try await net.exchange(53, [0xFF, 0xFF] + query) == [])
            #expect(try await net.exchange(53, [0, 0, 0, 0]) == [])
            #expect(try await net.exchange(53, [0]) == [])
            #expect(try await net.ask(53, query).count > query.count)
        }
    }

    @Test("messages are found in the bytes that have come")
    func framing() {
        var held: [UInt8] = [0, 2, 7, 8, 0, 0, 1]
        #expect(DNSFraming.takeMessage(from: &held) == [7, 8])
        #expect(DNSFraming.takeMessage(from: &held) == [])
        #expect(DNSFraming.takeMessage(from: &held) == nil)
        #expect(held == [1])
    }
}
