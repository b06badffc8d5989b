import Glibc
import Stack

/// Options as Linux has them, on every network.
extension Socket {
    /// Reads an option. POSIX `getsockopt`.
    ///
    /// - Throws: `ENOPROTOOPT` for what the socket has not, `EBADF` once closed.
    public func option<Value>(_ option: SocketOption<Value>) throws(SocketError) -> Value {
        let bytes = try self.option(
            level: option.level, name: option.name, capacity: option.byteCount)
        guard let value = option.decode(bytes) else { throw SocketError(EINVAL, in: "getsockopt") }
        return value
    }

    /// Sets an option. POSIX `setsockopt`.
    ///
    /// - Throws: `EINVAL` for values out of range, `ENOPROTOOPT` for what the socket has not,
    ///   `EBADF` once closed.
    public func setOption<Value>(
        _ option: SocketOption<Value>, _ value: Value
    ) throws(SocketError) {
        try setOption(level: option.level, name: option.name, option.encode(value).span)
    }

    /// Reads an option's bytes as Linux lays them out. POSIX `getsockopt`.
    ///
    /// - Parameter capacity: Bytes that there is room for; many options are cut to it.
    public func option(
        level: Int32, name: Int32, capacity: Int
    ) throws(SocketError) -> [UInt8] {
        if let timeout = TimeoutOption(level, name) { return try read(timeout, capacity) }
        return try backing.option(level, name, capacity: capacity)
    }

    /// Sets an option from bytes as Linux lays them out. POSIX `setsockopt`.
    public func setOption(
        level: Int32, name: Int32, _ bytes: Span<UInt8>
    ) throws(SocketError) {
        if let timeout = TimeoutOption(level, name) { return try set(timeout, bytes) }
        try backing.setOption(level, name, bytes)
    }

    /// Asks something of the socket or of its network, in Linux's bytes: `FIONREAD`, `SIOCATMARK`,
    /// `SIOCGIFADDR`. POSIX `ioctl`.
    ///
    /// - Throws: `ENOTTY` for what is no such question, `EINVAL`, `ENODEV`.
    public func control(_ request: UInt, _ bytes: [UInt8] = []) throws(SocketError) -> [UInt8] {
        try backing.control(request, bytes)
    }

    /// Takes the pending error, nil when there is none. POSIX `SO_ERROR`.
    public func takeError() throws(SocketError) -> SocketError? { try backing.takeError() }

    /// Whether small segments leave at once. `TCP_NODELAY`.
    public func setNoDelay(_ isOn: Bool) throws(SocketError) {
        try setOption(.noDelay, isOn)
    }

    /// Whether a silent peer is probed. `SO_KEEPALIVE`.
    public func setKeepalive(_ isOn: Bool) throws(SocketError) {
        try setOption(.keepsAlive, isOn)
    }
}
