import Glibc
import Stack
import Wire

/// A question about an interface of a host, in the bytes of Linux's `struct ifreq`: its name in 16
/// bytes, then 24 for the answer (netdevice(7)).
struct InterfaceQuery {
    /// The questions, by their numbers.
    private enum Request {
        static var name: UInt { 0x8910 }
        static var list: UInt { 0x8912 }
        static var flags: UInt { 0x8913 }
        static var address: UInt { 0x8915 }
        static var peerAddress: UInt { 0x8917 }
        static var broadcastAddress: UInt { 0x8919 }
        static var networkMask: UInt { 0x891B }
        static var metric: UInt { 0x891D }
        static var mtu: UInt { 0x8921 }
        static var hardwareAddress: UInt { 0x8927 }
        static var index: UInt { 0x8933 }
        static var queueLength: UInt { 0x8942 }
    }

    private static var nameCount: Int { 16 }
    private static var byteCount: Int { 40 }

    let request: UInt
    /// Whether the socket is of IPv4: only those answer for addresses.
    let isInternet: Bool

    /// Whether the number is one of a question for interfaces.
    static func covers(_ request: UInt) -> Bool { 0x8910...0x894F ~= request || isPrivate(request) }

    /// Whether it is one that devices of their own kinds may have.
    private static func isPrivate(_ request: UInt) -> Bool { 0x8970...0x89FF ~= request }

    /// The answer: a `struct ifreq`, or for `SIOCGIFCONF` as many as there are addresses.
    ///
    /// - Throws: `ENODEV` when the host has no such interface, `EADDRNOTAVAIL` when it has no
    ///   address, `ENOTTY` for what is not asked of such a socket, `EPERM` for what would change
    ///   something, `EINVAL` for too few bytes.
    func answer(_ bytes: [UInt8], _ host: borrowing Host) throws(SocketError) -> [UInt8] {
        if request == Request.list { return Self.list(host) }
        guard bytes.count >= Self.byteCount else { throw error(EINVAL) }
        if request == Request.name {
            let index = Self.word(bytes, Self.nameCount)
            guard let entry = host.interfaces.first(where: { $0.interface.zone == index }) else {
                throw error(ENODEV)
            }
            var answer = bytes
            answer.replaceSubrange(0..<Self.nameCount, with: Self.padded(entry.name))
            return answer
        }
        if asksForAddress, !isInternet { throw error(ENOTTY) }
        let name = bytes.prefix(Self.nameCount).prefix { $0 != 0 }
        guard let entry = host.interfaces.first(where: { $0.name.utf8.elementsEqual(name) }) else {
            throw error(ENODEV)
        }
        return bytes.prefix(Self.nameCount) + Self.filled(try value(of: entry, host))
    }

    private var asksForAddress: Bool {
        switch request {
        case Request.address, Request.peerAddress, Request.broadcastAddress, Request.networkMask:
            true
        default: false
        }
    }

    private func value(
        of entry: InterfaceEntry, _ host: borrowing Host
    ) throws(SocketError) -> [UInt8] {
        switch request {
        case Request.flags:
            let promiscuous: UInt32 = host.isPromiscuous(entry.interface) ? 0x100 : 0
            return Self.native(entry.link.flags | promiscuous, 2)
        case Request.metric: return Self.native(0, 4)
        case Request.mtu: return Self.native(UInt32(entry.mtu), 4)
        case Request.index: return Self.native(UInt32(entry.interface.zone), 4)
        case Request.queueLength: return Self.native(1000, 4)
        case Request.hardwareAddress:
            var own = MACAddress.zero
            if case .ethernet(let address) = entry.link { own = address }
            return Self.native(UInt32(entry.link.hardwareType), 2)
                + (0..<6).map { UInt8(truncatingIfNeeded: own.rawValue >> (40 - 8 * $0)) }
        case Request.address, Request.peerAddress, Request.broadcastAddress, Request.networkMask:
            guard let prefix = Self.firstAddress(of: entry.interface, host) else {
                throw error(EADDRNOTAVAIL)
            }
            return Self.name(address(prefix, on: entry.link))
        // What would set something has the even number behind that of its question.
        case 0x8914, 0x8916, 0x8918, 0x891A, 0x891C, 0x891E, 0x8922...0x8926, 0x8943:
            throw error(EPERM)
        // SIOCETHTOOL: there is no driver to ask.
        case 0x8946: throw error(EOPNOTSUPP)
        default: throw error(ENOTTY)
        }
    }

    private func address(
        _ prefix: IPPrefix, on link: InterfaceConfiguration.Link
    ) -> IPAddress {
        let isLoopback = prefix.address.isLoopback
        // All of 127/8 is the host's.
        let hosts = UInt32.max >> UInt32(isLoopback ? 8 : prefix.length)
        switch request {
        case Request.networkMask: return IPAddress(IPv4Address(~hosts))
        case Request.broadcastAddress:
            guard let v4 = prefix.address.v4, !isLoopback, prefix.length < 31 else {
                return .unspecifiedV4
            }
            return IPAddress(IPv4Address(v4.rawValue | hosts))
        default: return prefix.address
        }
    }

    /// The addresses of IPv4 with their interfaces.
    private static func list(_ host: borrowing Host) -> [UInt8] {
        var all: [UInt8] = []
        for entry in host.interfaces {
            guard let prefix = firstAddress(of: entry.interface, host) else { continue }
            all += padded(entry.name) + filled(name(prefix.address))
        }
        return all
    }

    private static func firstAddress(
        of interface: InterfaceID, _ host: borrowing Host
    ) -> IPPrefix? {
        for address in host.addresses(of: interface) where address.prefix.address.isIPv4 {
            return address.prefix
        }
        return nil
    }

    // MARK: - Bytes

    private static func name(_ address: IPAddress) -> [UInt8] {
        SocketName.internet(SocketAddress(address: address, port: 0)).bytes(for: .inet)
    }

    private static func padded(_ name: String) -> [UInt8] {
        let bytes = Array(name.utf8.prefix(nameCount - 1))
        return bytes + [UInt8](repeating: 0, count: nameCount - bytes.count)
    }

    private static func filled(_ value: [UInt8]) -> [UInt8] {
        value + [UInt8](repeating: 0, count: byteCount - nameCount - value.count)
    }

    private static func native(_ value: UInt32, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
    }

    private func error(_ code: CInt) -> SocketError { SocketError(code, in: "ioctl") }
}
