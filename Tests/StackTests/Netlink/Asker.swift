import Memory
import Testing
import Wire

@testable import Stack

/// A program that asks its host.
final class Asker {
    let link: BareLinks
    let id: EndpointID

    init(_ proto: NetlinkProtocol, _ link: BareLinks = BareLinks()) {
        self.link = link
        id = link.host.open(.netlink(proto))
    }

    struct Answer: Equatable {
        let type: NetlinkType
        let flags: NetlinkFlags
        let sequence: UInt32
        let portID: UInt32
        let payload: [UInt8]

        /// The value of an attribute behind a fixed part.
        func attribute(_ type: UInt16, behind count: Int) throws -> [UInt8]? {
            let rest = payload.span.extracting(droppingFirst: count)
            var walk = NetlinkAttributes(rest)
            while let next = try walk.next() {
                if next.type == type { return next.value.map { rest[$0] } }
            }
            return nil
        }

        // The fixed parts. A span cannot stand inside an expectation.
        func link() throws -> LinkMessageHeader { try LinkMessageHeader(payload.span) }
        func address() throws -> AddressMessageHeader { try AddressMessageHeader(payload.span) }
        func route() throws -> RouteMessageHeader { try RouteMessageHeader(payload.span) }
        func neighbour() throws -> NeighbourMessageHeader {
            try NeighbourMessageHeader(payload.span)
        }
        func word(at offset: Int) -> UInt32 { payload.span.littleUInt32(at: offset) }

        /// Of an error, its number; 0 for success.
        var error: Int32 { Int32(bitPattern: payload.span.littleUInt32(at: 0)) }
    }

    func send(_ requests: [UInt8]) throws { try link.host.sendRequests(id, requests.span) }

    /// The next datagram; nil when none waits.
    func receive(upTo limit: Int = 65536) throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: limit)
        var span = buffer.mutableSpan
        do {
            let answer = try link.host.receiveAnswer(id, into: &span)
            return Array(buffer[..<answer.count])
        } catch StackError.wouldBlock {
            return nil
        }
    }

    /// All that waits, message by message.
    func answers() throws -> [Answer] {
        var all: [Answer] = []
        while let datagram = try receive() {
            // The C library reads with a page.
            #expect(datagram.count <= 4096)
            var offset = 0
            while offset < datagram.count {
                let message = try NetlinkMessage(datagram.span.extracting(droppingFirst: offset))
                let payload = message.payload
                all.append(
                    Answer(
                        type: message.type, flags: message.flags, sequence: message.sequence,
                        portID: message.portID, payload: payload.indices.map { payload[$0] }))
                offset += message.alignedLength
            }
        }
        return all
    }

    static func request(
        _ type: NetlinkType, _ flags: NetlinkFlags = [.request, .dump], sequence: UInt32 = 7,
        _ body: (inout NetlinkWriter) -> Void
    ) -> [UInt8] {
        var writer = NetlinkWriter()
        writer.message(
            NetlinkHeader(type: type, flags: flags, sequence: sequence), body)
        return writer.bytes
    }

    /// Asks and gives what a dump has but its end, which must be there.
    func dump(
        _ type: NetlinkType, sequence: UInt32 = 7, _ body: (inout NetlinkWriter) -> Void
    ) throws -> [Answer] {
        try send(Self.request(type, sequence: sequence, body))
        var all = try answers()
        let end = try #require(all.last)
        all.removeLast()
        #expect(end.type == .done && end.error == 0)
        for answer in all + [end] {
            #expect(answer.flags == .multi && answer.sequence == sequence)
            #expect(try answer.portID == link.host.netlinkName(of: id).portID)
        }
        return all
    }

    /// A dump of one family.
    func dump(_ type: NetlinkType, family: UInt8 = 0) throws -> [Answer] {
        try dump(type) { $0.append(family) }
    }
}

func text(_ bytes: [UInt8]?) -> String? {
    bytes.map { String(decoding: $0.dropLast(), as: UTF8.self) }
}

func number(_ bytes: [UInt8]?) -> UInt32? { bytes.map { $0.span.littleUInt32(at: 0) } }
