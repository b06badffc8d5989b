import Glibc
public import Wire

/// Datagrams of the Internet, without an allocation for each. No call waits.
extension SystemSocket {
    /// Takes a datagram and its sender; how many bytes came. POSIX `recvfrom`.
    public func receiveDatagram(
        into buffer: inout MutableSpan<UInt8>
    ) throws(DeviceError) -> (count: Int, source: SocketAddress?) {
        try use("recvfrom") { (number) throws(DeviceError) in
            var name = sockaddr_in6()
            var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            // Both are written during the call only, as far as they reach.
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe withUnsafeMutablePointer(to: &name) { name in
                    unsafe name.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                        unsafe recvfrom(
                            number, bytes.baseAddress, bytes.count, CInt(MSG_DONTWAIT), name,
                            &length)
                    }
                }
            }
            guard count >= 0 else { throw DeviceError(operation: "recvfrom", code: errno) }
            return (count, length > 0 ? Self.address(name) : nil)
        }
    }

    /// Sends a datagram; a socket of IPv6 reaches IPv4 by mapped addresses. POSIX `sendto`.
    ///
    /// - Parameter isIPv4: Whether the socket is of IPv4.
    public func sendDatagram(
        _ bytes: Span<UInt8>, to target: SocketAddress, isIPv4: Bool
    ) throws(DeviceError) {
        try use("sendto") { (number) throws(DeviceError) in
            var name = Self.name(target, isIPv4: isIPv4)
            let length = isIPv4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
            let flags = CInt(MSG_DONTWAIT | MSG_NOSIGNAL)
            // Both are read during the call only.
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe withUnsafeMutablePointer(to: &name) { name in
                    unsafe name.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                        unsafe sendto(
                            number, bytes.baseAddress, bytes.count, flags, name, socklen_t(length))
                    }
                }
            }
            guard count >= 0 else { throw DeviceError(operation: "sendto", code: errno) }
        }
    }

    /// A `sockaddr_in6`, or a `sockaddr_in` in its place.
    private static func address(_ name: sockaddr_in6) -> SocketAddress {
        var name = name
        let port = UInt16(bigEndian: name.sin6_port)
        // The port stands at the same place in both.
        if CInt(name.sin6_family) == AF_INET {
            return SocketAddress(
                address: IPAddress(IPv4Address(UInt32(bigEndian: name.sin6_flowinfo))), port: port)
        }
        let (high, low) = unsafe withUnsafeBytes(of: &name.sin6_addr) { bytes in
            unsafe (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        let address = IPAddress(high: high, low: low)
        return SocketAddress(
            address: address, port: port,
            zone: address.isLinkLocal ? UInt16(truncatingIfNeeded: name.sin6_scope_id) : 0)
    }

    private static func name(_ target: SocketAddress, isIPv4: Bool) -> sockaddr_in6 {
        var name = sockaddr_in6()
        name.sin6_port = target.port.bigEndian
        guard !isIPv4 else {
            name.sin6_family = sa_family_t(AF_INET)
            name.sin6_flowinfo = UInt32(truncatingIfNeeded: target.address.low).bigEndian
            return name
        }
        name.sin6_family = sa_family_t(AF_INET6)
        name.sin6_scope_id = UInt32(target.zone)
        unsafe withUnsafeMutableBytes(of: &name.sin6_addr) { bytes in
            unsafe bytes.storeBytes(of: target.address.high.bigEndian, as: UInt64.self)
            unsafe bytes.storeBytes(
                of: target.address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return name
    }
}
