import Memory
import Testing
import Wire

@testable import Stack

/// A host whose endpoints speak to each other.
final class LocalHost {
    let link = BareLinks()

    func open(_ type: LocalType) -> EndpointID { link.host.open(.local(type)) }

    func pair(_ type: LocalType) -> (EndpointID, EndpointID) { link.host.openPair(type) }

    /// An endpoint with a name.
    func named(_ type: LocalType, _ name: LocalName) throws -> EndpointID {
        let id = open(type)
        try link.host.bind(id, to: name)
        return id
    }

    @discardableResult
    func send(
        _ id: EndpointID, _ bytes: [UInt8], to name: LocalName? = nil,
        with attachments: [MessageAttachment] = [], as credentials: Credentials? = nil
    ) throws -> Int {
        try link.host.sendMessage(
            id, bytes.span, to: name, attachments: attachments, credentials: credentials)
    }

    func receive(
        _ id: EndpointID, upTo limit: Int = 300_000, _ options: LocalReceiveOptions = []
    ) throws -> (bytes: [UInt8], message: ReceivedLocalMessage) {
        var buffer = [UInt8](repeating: 0, count: limit)
        var span = buffer.mutableSpan
        let message = try link.host.receiveMessage(id, into: &span, options)
        return (Array(buffer[..<message.count]), message)
    }

    /// What `poll` would say.
    func poll(_ id: EndpointID) throws -> Readiness {
        try link.host.readiness(of: id).subtracting(.room)
    }

    /// What endpoints were told of since this was last asked.
    func events(of id: EndpointID) -> Readiness {
        var all: Readiness = []
        while let ready = link.host.nextReady() {
            if ready.endpoint == id { all.formUnion(ready.events) }
        }
        return all
    }
}

/// Something to pass on, which says when it is let go of.
final class Token: MessageAttachment, @unchecked Sendable {
    let number: Int
    private let ends: Ends?

    init(_ number: Int, _ ends: Ends? = nil) {
        self.number = number
        self.ends = ends
    }

    deinit { ends?.numbers.append(number) }
}

/// Which were let go of, in their order.
final class Ends {
    var numbers: [Int] = []
}

func numbers(_ attachments: [MessageAttachment]) -> [Int] {
    attachments.compactMap { ($0 as? Token)?.number }
}
