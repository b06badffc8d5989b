import Stack

extension HostDriver {
    /// Whether a connection has bytes or a FIN that its peer has not acknowledged.
    public var hasUnsent: Bool {
        withHost { host in
            host.sockets.contains { entry in
                switch entry.state {
                case .finWait1, .closing, .lastAck: true
                case .established, .closeWait, .finWait2: entry.sendQueue > 0
                default: false
                }
            }
        }
    }
}
