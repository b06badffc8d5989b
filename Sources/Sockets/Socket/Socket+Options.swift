import Stack

/// Options that are set as a whole.
extension Socket {
    /// The socket's options. POSIX `getsockopt`.
    ///
    /// - Throws: `EBADF` once closed.
    public var options: EndpointOptions {
        get throws(SocketError) {
            try call("getsockopt") { (host: inout Host) throws(StackError) in
                try host.options(of: endpoint)
            }
        }
    }

    /// Sets all options. POSIX `setsockopt`.
    ///
    /// - Throws: `EINVAL` for values out of range, `EBADF` once closed.
    public func setOptions(_ options: EndpointOptions) throws(SocketError) {
        try call("setsockopt") { (host: inout Host) throws(StackError) in
            try host.setOptions(options, of: endpoint)
        }
    }

    /// Changes options: `socket.updateOptions { $0.timeToLive = 1 }`.
    ///
    /// - Throws: `EINVAL` for values out of range, which leaves all as it was; `EBADF` once closed.
    public func updateOptions(
        _ change: (inout EndpointOptions) -> Void
    ) throws(SocketError) {
        try call("setsockopt") { (host: inout Host) throws(StackError) in
            var options = try host.options(of: endpoint)
            change(&options)
            try host.setOptions(options, of: endpoint)
        }
    }

    /// What holds for a stream. POSIX `getsockopt` of TCP.
    ///
    /// - Throws: `EOPNOTSUPP` for sockets of other kinds, `EBADF` once closed.
    public var streamOptions: StreamOptions {
        get throws(SocketError) {
            try call("getsockopt") { (host: inout Host) throws(StackError) in
                try host.streamOptions(of: endpoint)
            }
        }
    }

    /// Changes what holds for a stream: `socket.updateStreamOptions { $0.isCorked = true }`.
    ///
    /// - Throws: `EINVAL` for values out of range, which leaves all as it was; `EOPNOTSUPP` for
    ///   sockets of other kinds, `EBADF` once closed.
    public func updateStreamOptions(
        _ change: (inout StreamOptions) -> Void
    ) throws(SocketError) {
        try call("setsockopt") { (host: inout Host) throws(StackError) in
            var options = try host.streamOptions(of: endpoint)
            change(&options)
            try host.setStreamOptions(options, of: endpoint)
        }
    }
}
