import Memory
import Stack

/// Endpoints of one host that speak to each other, and any calls on them in any state. Whatever is
/// refused is refused; nothing may trap, every byte comes in its order, and nothing is left.
struct LocalFuzzer: ~Copyable {
    private let pools = BufferPools(BufferPools.Plan(byteLimit: 1 << 20))
    private var host: Host
    private var endpoints: [EndpointID] = []
    private static let names = ["/a", "/b", "/c"].compactMap { LocalName($0) }
    private static let buffer = [UInt8](repeating: 5, count: 70_000)

    private init() { host = Host(HostConfiguration(seed: (1, 2)), pools: pools) }

    static func problem(with bytes: [UInt8]) -> String? {
        var fuzzer = LocalFuzzer()
        var choices = Choices(bytes: bytes)
        while !choices.isExhausted {
            do throws(StackError) {
                try fuzzer.call(&choices)
            } catch {
                // Refused, as it should be.
            }
            while fuzzer.host.nextReady() != nil {}
            _ = fuzzer.host.takeReleasedAttachments()
        }
        return fuzzer.finish()
    }

    private mutating func call(_ choices: inout Choices) throws(StackError) {
        let types: [LocalType] = [.stream, .datagram, .sequencedPacket]
        let type = types[choices.next(below: 3)]
        if endpoints.isEmpty || choices.oneIn(6), endpoints.count < 24 {
            if choices.oneIn(2) {
                let (one, other) = host.openPair(type)
                endpoints += [one, other]
            } else {
                endpoints.append(host.open(.local(type)))
            }
            return
        }
        let number = choices.next(below: endpoints.count)
        try use(number, &choices)
    }

    private mutating func use(_ number: Int, _ choices: inout Choices) throws(StackError) {
        let id = endpoints[number]
        let name = Self.names[choices.next(below: Self.names.count)]
        let sizes = [0, 1, 100, 5000, 70_000]
        let size = sizes[choices.next(below: sizes.count)]
        switch choices.next(below: 16) {
        case 0: try host.bind(id, to: name)
        case 1: try host.bindAutomatically(id)
        case 2: try host.listen(id, backlog: choices.next(below: 3))
        case 3, 4: try host.connect(id, to: name)
        case 5: endpoints.append(try host.accept(id))
        case 6, 7, 8:
            let attachments = choices.oneIn(4) ? [MessageAttachment()] : []
            _ = try host.sendMessage(
                id, Self.buffer.span.extracting(first: size),
                to: choices.oneIn(3) ? name : nil, attachments: attachments)
        case 9, 10, 11:
            var space = [UInt8](repeating: 0, count: size)
            var span = space.mutableSpan
            let options: LocalReceiveOptions = choices.oneIn(4) ? .peek : []
            _ = try host.receiveMessage(id, into: &span, options)
        case 12: try host.shutdownSend(id)
        case 13: try host.shutdownReceive(id)
        case 14:
            try host.setPassesCredentials(id, choices.oneIn(2))
            _ = try host.readiness(of: id)
            _ = try host.receivableCount(of: id)
            _ = try host.takeError(of: id)
            try host.disconnect(id)
        default:
            // What is closed stays in the list now and then, so that it is used again.
            if !choices.oneIn(4) { endpoints.remove(at: number) }
            try host.close(id)
        }
    }

    private mutating func finish() -> String? {
        // What one that stays has sent counts as long as somebody may read it, and no longer.
        for id in endpoints.dropFirst() { try? host.close(id) }
        if let last = endpoints.first, let queue = try? host.unacknowledgedCount(of: last),
            queue > 0,
            (try? host.receivableCount(of: last)) == 0
        {
            return "\(queue) bytes are charged that nobody has"
        }
        host.abortAll()
        _ = host.takeReleasedAttachments()
        let (free, all) = (pools.available, pools.capacity)
        let isBack = free.chunks == all.chunks && free.frames == all.frames
        return isBack ? nil : "memory is left: \(all.chunks - free.chunks) chunks"
    }
}
