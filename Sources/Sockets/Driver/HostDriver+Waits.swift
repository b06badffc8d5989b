import Stack

extension HostDriver {
    /// The sockets that somebody waits on, in words: `10.0.0.1:80 waits to be readable`.
    public var waits: [String] {
        core.withLock { core in
            var texts: [String] = []
            for (endpoint, events) in core.waiters.all {
                let name = (try? core.host.localAddress(of: endpoint))?.description ?? "a socket"
                texts.append("\(name) waits to be \(events.text)")
            }
            return texts
        }
    }
}

extension Readiness {
    fileprivate var text: String {
        let names: [(Readiness, String)] = [
            (.readable, "readable"), (.writable, "writable"), (.connected, "connected"),
            (.priority, "urgent"), (.drained, "drained"),
        ]
        return names.filter { contains($0.0) }.map(\.1).joined(separator: " or ")
    }
}
