import Sockets
import Testing
import Wire

@testable import Services

@Suite("Small services", .timeLimit(.minutes(1)))
struct SmallServicesTests {
    @Test("echo returns every byte before its end, after the peer's (RFC 862)")
    func echo() async throws {
        try await Net.serving("echo") { net async throws in
            var dice = Dice(4)
            let bytes = dice.bytes(3_000_000)
            #expect(try await net.exchange(7, bytes) == bytes)
            #expect(try await net.exchange(7, "") == "")
        }
    }

    @Test("echo returns datagrams, of any size")
    func echoDatagrams() async throws {
        try await Net.serving("echo") { net async throws in
            var dice = Dice(5)
            for count in [0, 1, 1_472] {
                let payload = dice.bytes(count)
                #expect(try await net.ask(7, payload) == payload)
            }
        }
    }

    @Test("discard takes everything and returns nothing (RFC 863)")
    func discard() async throws {
        try await Net.serving("discard") { net async throws in
            #expect(try await net.exchange(9, [UInt8](repeating: 1, count: 2_000_000)) == [])
        }
    }

    @Test("chargen sends its 95 lines over and over, whatever it receives (RFC 864)")
    func chargen() async throws {
        try await Net.serving("chargen") { net async throws in
            let socket = try await net.connect(19)
            async let isSent: Void = socket.send([UInt8](repeating: 1, count: 2_000_000))
            var received: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while received.count < 200_000 {
                let count = try await socket.receive(into: &buffer)
                received += buffer[..<count]
            }
            let lines = String(decoding: received, as: UTF8.self).split(separator: "\r\n")
            #expect(
                lines[0]
                    == "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefgh"
                    || lines[0].first == " ")
            #expect(lines[1].dropLast() == lines[0].dropFirst())
            #expect(lines[95] == lines[0])
            #expect(lines.dropLast().allSatisfy { $0.utf8.count == 72 })
            try await isSent
        }
    }

    @Test("chargen goes on for a peer that ended its side, until that is gone")
    func chargenHalfClosed() async throws {
        try await Net.serving("chargen") { net async throws in
            let socket = try await net.connect(19)
            try socket.shutdown(.sending)
            #expect(try await socket.receive(exactly: 20_000).count == 20_000)
        }
    }

    @Test("chargen answers a datagram with up to 512 characters")
    func chargenDatagrams() async throws {
        try await Net.serving("chargen") { net async throws in
            for _ in 0..<20 {
                let reply = try await net.ask(19, [0])
                #expect(reply == Array(Chargen.pattern[..<reply.count]))
                #expect(reply.count <= 512)
            }
        }
    }

    @Test("daytime says what time it is and ends, whatever was sent (RFC 867)")
    func daytime() async throws {
        try await Net.serving("daytime") { net async throws in
            let line = try await net.exchange(13, "ignored")
            #expect(line.hasSuffix("-UTC\r\n"))
            let datagram = String(decoding: try await net.ask(13, []), as: UTF8.self)
            #expect(datagram.split(separator: ",").count == 3)
        }
    }

    @Test("a line in the form of the RFC's example, which has the day of the week wrong")
    func daytimeLine() {
        #expect(Daytime.line(at: 383_247_463) == "Monday, February 22, 1982 17:37:43-UTC\r\n")
    }

    @Test("a port that is taken is said, and nothing stays open")
    func takenPort() async throws {
        try await Net.serving("echo:7007") { net async throws in
            #expect {
                try ServiceSet(
                    try ServiceList.parse("daytime,discard:7007"), on: Network(net.server))
            } throws: { error in
                "\(error)" == "discard on port 7007: bind: Address already in use"
            }
            let set = try ServiceSet([ServiceRequest(.daytime)], on: Network(net.server))
            #expect(set.descriptions == ["daytime: TCP and UDP port 13"])
        }
    }
}
