import CLinux
import Glibc
import Stack

/// Names, connections and options. Names and values are bytes as Linux lays them out.
extension SystemSocket {
    /// The longest `sockaddr`: that of UNIX sockets, and some.
    static var nameCapacity: Int { 128 }

    /// POSIX `bind`.
    public func bind(to name: [UInt8]) throws(DeviceError) {
        try unsafe withName("bind", name, Glibc.bind)
    }

    /// POSIX `connect`.
    ///
    /// - Throws: `EINPROGRESS` when it began, and whatever the system says.
    public func connect(to name: [UInt8]) throws(DeviceError) {
        try unsafe withName("connect", name, Glibc.connect)
    }

    private func withName(
        _ call: String, _ name: [UInt8],
        _ body: (CInt, UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) throws(DeviceError) {
        try use(call) { (number) throws(DeviceError) in
            let result = unsafe name.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else {
                    errno = EINVAL
                    return CInt(-1)
                }
                // Read as bytes only, and as many as are said.
                return unsafe body(
                    number, base.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
            }
            try Self.check(result, call)
        }
    }

    /// POSIX `getsockname`.
    public func localName() throws(DeviceError) -> [UInt8] {
        try unsafe name("getsockname", Glibc.getsockname)
    }

    /// POSIX `getpeername`.
    public func remoteName() throws(DeviceError) -> [UInt8] {
        try unsafe name("getpeername", Glibc.getpeername)
    }

    private func name(
        _ call: String,
        _ body: (CInt, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
    ) throws(DeviceError) -> [UInt8] {
        try use(call) { (number) throws(DeviceError) in
            var bytes = [UInt8](repeating: 0, count: Self.nameCapacity)
            var count = socklen_t(bytes.count)
            let result = unsafe bytes.withUnsafeMutableBytes { bytes in
                guard let base = bytes.baseAddress else { return CInt(-1) }
                return unsafe body(number, base.assumingMemoryBound(to: sockaddr.self), &count)
            }
            try Self.check(result, call)
            return Array(bytes.prefix(Int(count)))
        }
    }

    /// POSIX `listen`.
    public func listen(backlog: Int) throws(DeviceError) {
        try use("listen") { (number) throws(DeviceError) in
            _ = try Self.check(Glibc.listen(number, CInt(clamping: backlog)), "listen")
        }
    }

    /// POSIX `accept`.
    public func accept() throws(DeviceError) -> SystemSocket {
        try use("accept") { (number) throws(DeviceError) in
            let result = clinux_socket_accept(number)
            guard result >= 0 else { throw DeviceError("accept", result: result) }
            return SystemSocket(adopting: result)
        }
    }

    /// POSIX `shutdown`.
    public func shutdown(receiving: Bool, sending: Bool) throws(DeviceError) {
        let how = receiving ? (sending ? SHUT_RDWR : SHUT_RD) : SHUT_WR
        try use("shutdown") { (number) throws(DeviceError) in
            _ = try Self.check(Glibc.shutdown(number, CInt(how)), "shutdown")
        }
    }

    /// Has `close` reset the connection: `SO_LINGER` of 0.
    public func resetOnClose() {
        let linger: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0]
        try? setOption(SOL_SOCKET, SO_LINGER, linger.span)
    }

    // MARK: - Options

    /// POSIX `getsockopt`.
    ///
    /// - Parameter capacity: Bytes that there is room for.
    public func option(
        _ level: CInt, _ name: CInt, capacity: Int
    ) throws(DeviceError) -> [UInt8] {
        try use("getsockopt") { (descriptor) throws(DeviceError) in
            var bytes = [UInt8](repeating: 0, count: capacity)
            var count = socklen_t(capacity)
            try Self.check(
                unsafe getsockopt(descriptor, level, name, &bytes, &count), "getsockopt")
            return Array(bytes.prefix(Int(count)))
        }
    }

    /// How the system numbers the socket behind a descriptor: the arguments of `socket`.
    ///
    /// - Throws: `ENOTSOCK`, `EBADF`.
    public static func numbers(
        of descriptor: CInt
    ) throws(DeviceError) -> (domain: CInt, type: CInt, protocolNumber: CInt) {
        (
            try number(descriptor, SOL_SOCKET, SO_DOMAIN),
            try number(descriptor, SOL_SOCKET, SO_TYPE),
            try number(descriptor, SOL_SOCKET, SO_PROTOCOL)
        )
    }

    /// An option that is a number.
    public func number(_ level: CInt, _ name: CInt) throws(DeviceError) -> CInt {
        try use("getsockopt") { (descriptor) throws(DeviceError) in
            try Self.number(descriptor, level, name)
        }
    }

    private static func number(
        _ descriptor: CInt, _ level: CInt, _ name: CInt
    ) throws(DeviceError) -> CInt {
        var value: CInt = 0
        var count = socklen_t(MemoryLayout<CInt>.size)
        try check(unsafe getsockopt(descriptor, level, name, &value, &count), "getsockopt")
        return value
    }

    /// POSIX `setsockopt`. A filter (`SO_ATTACH_FILTER`) is given as its instructions, to which the
    /// system wants a pointer.
    public func setOption(
        _ level: CInt, _ name: CInt, _ value: Span<UInt8>
    ) throws(DeviceError) {
        if level == SOL_SOCKET, name == SO_ATTACH_FILTER {
            return try attachFilter(value)
        }
        try use("setsockopt") { (descriptor) throws(DeviceError) in
            let result = unsafe value.withUnsafeBytes { bytes in
                unsafe setsockopt(
                    descriptor, level, name, bytes.baseAddress, socklen_t(bytes.count))
            }
            try Self.check(result, "setsockopt")
        }
    }

    private func attachFilter(_ instructions: Span<UInt8>) throws(DeviceError) {
        guard instructions.count % 8 == 0 else {
            throw DeviceError("setsockopt", result: -EINVAL)
        }
        try use("setsockopt") { (descriptor) throws(DeviceError) in
            let result = unsafe instructions.withUnsafeBytes { bytes in
                unsafe clinux_attach_filter(descriptor, bytes.baseAddress, bytes.count / 8)
            }
            guard result == 0 else { throw DeviceError("setsockopt", result: result) }
        }
    }

    /// Asks something of the socket in a place that the question and the answer share. POSIX
    /// `ioctl`.
    ///
    /// - Throws: `EOPNOTSUPP` for questions that lead further by addresses of memory.
    public func control(_ request: UInt, _ bytes: [UInt8]) throws(DeviceError) -> [UInt8] {
        try use("ioctl") { (descriptor) throws(DeviceError) in
            // More than any answer of sockets and interfaces has.
            var place = bytes + [UInt8](repeating: 0, count: 256)
            let result = unsafe clinux_socket_control(descriptor, request, &place)
            guard result >= 0 else { throw DeviceError("ioctl", result: result) }
            return Array(place.prefix(max(bytes.count, MemoryLayout<CInt>.size)))
        }
    }
}
