@testable import Names

/// A server's reply to a query, as honest or not as a test wants it.
struct ReplyMaker {
    var id: UInt16
    /// nil to repeat none.
    var question: DNSQuestion?
    /// A reply to a query that wanted recursion, from a server that offers it.
    var flags: UInt16 = 0x8180
    var code: UInt16 = 0
    var answers: [Record] = []
    var authorities: [Record] = []

    struct Record {
        var name: String
        var type: UInt16
        var lifetime: UInt32 = 60
        var content: [UInt8]

        static func a(_ name: String, _ last: UInt8, lifetime: UInt32 = 60) -> Record {
            Record(name: name, type: 1, lifetime: lifetime, content: [192, 0, 2, last])
        }

        static func aaaa(_ name: String, _ last: UInt8, lifetime: UInt32 = 60) -> Record {
            Record(
                name: name, type: 28, lifetime: lifetime,
                content: [0x20, 1, 0xD, 0xB8] + [UInt8](repeating: 0, count: 11) + [last])
        }

        static func cname(_ name: String, _ target: String, lifetime: UInt32 = 60) -> Record {
            Record(name: name, type: 5, lifetime: lifetime, content: wire(target))
        }

        static func ptr(_ name: String, _ target: String) -> Record {
            Record(name: name, type: 12, content: wire(target))
        }

        static func soa(_ zone: String, lifetime: UInt32 = 300, minimum: UInt32 = 30) -> Record {
            var writer = DNSWriter()
            for number: UInt32 in [1, 2, 3, 4, minimum] { writer.append(number) }
            return Record(
                name: zone, type: 6, lifetime: lifetime, content: [0, 0] + writer.bytes)
        }

        private static func wire(_ name: String) -> [UInt8] {
            var writer = DNSWriter()
            writer.append(DNSName(name) ?? .root)
            return writer.bytes
        }
    }

    /// An honest reply without records.
    init(to query: [UInt8]) {
        let asked = Self.question(of: query)
        id = asked.id
        question = asked.question
    }

    static func question(of query: [UInt8]) -> (id: UInt16, question: DNSQuestion?) {
        var reader = DNSReader(query[...])
        guard let id = try? reader.uint16(), (try? reader.bytes(10)) != nil,
            let name = try? reader.name(), let type = try? reader.uint16(),
            let recordClass = try? reader.uint16()
        else { return (0, nil) }
        return (
            id, DNSQuestion(name: name, type: DNSType(rawValue: type), recordClass: recordClass)
        )
    }

    /// The reply that holds the address 192.0.2.`last` or 2001:db8::`last`, by the type.
    static func address(_ query: [UInt8], _ last: UInt8 = 1, lifetime: UInt32 = 60) -> [UInt8] {
        var maker = ReplyMaker(to: query)
        let name = maker.question?.name.description ?? ""
        maker.answers = [
            maker.question?.type == .aaaa
                ? .aaaa(name, last, lifetime: lifetime) : .a(name, last, lifetime: lifetime)
        ]
        return maker.bytes
    }

    static func failure(_ query: [UInt8], _ code: UInt16) -> [UInt8] {
        var maker = ReplyMaker(to: query)
        maker.code = code
        return maker.bytes
    }

    var bytes: [UInt8] {
        var writer = DNSWriter()
        for word in [
            id, flags | code, question == nil ? 0 : 1, UInt16(answers.count),
            UInt16(authorities.count), 0,
        ] {
            writer.append(word)
        }
        if let question { writer.append(question) }
        var rest: [UInt8] = []
        for record in answers + authorities {
            var part = DNSWriter()
            part.append(DNSName(record.name) ?? .root)
            part.append(record.type)
            part.append(UInt16(1))
            part.append(record.lifetime)
            part.append(UInt16(record.content.count))
            rest += part.bytes + record.content
        }
        return writer.bytes + rest
    }
}
