import Glibc
import Wire

/// The machine's own interfaces and their addresses, as of one moment: `getifaddrs`.
public struct SystemInterfaces: Sendable {
    public struct Address: Equatable, Sendable {
        public let prefix: IPPrefix
        /// The name of the interface.
        public let interface: String
    }

    /// In the order of the system.
    public let addresses: [Address]

    /// - Throws: `ENOMEM`, `EMFILE`.
    public init() throws(DeviceError) {
        var list: UnsafeMutablePointer<ifaddrs>?
        try FileDescriptor.check(unsafe getifaddrs(&list), "list interfaces")
        defer { unsafe freeifaddrs(list) }
        var found: [Address] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe Self.address(entry.pointee) { found.append(address) }
            unsafe next = entry.pointee.ifa_next
        }
        addresses = found
    }

    private static func address(_ entry: ifaddrs) -> Address? {
        guard let address = unsafe ip(entry.ifa_addr), let mask = unsafe ip(entry.ifa_netmask),
            let prefix = IPPrefix(address: address, length: length(of: mask, for: address))
        else { return nil }
        return Address(prefix: prefix, interface: unsafe String(cString: entry.ifa_name))
    }

    private static func length(of mask: IPAddress, for address: IPAddress) -> Int {
        let ones = mask.low.nonzeroBitCount
        return address.isIPv4 ? max(ones - 16, 0) : mask.high.nonzeroBitCount + ones
    }

    private static func ip(_ name: UnsafeMutablePointer<sockaddr>?) -> IPAddress? {
        guard let name = unsafe name else { return nil }
        switch CInt(unsafe name.pointee.sa_family) {
        case AF_INET:
            return unsafe name.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { name in
                IPAddress(IPv4Address(UInt32(bigEndian: unsafe name.pointee.sin_addr.s_addr)))
            }
        case AF_INET6:
            return unsafe name.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { name in
                unsafe withUnsafeBytes(of: name.pointee.sin6_addr) { bytes in
                    let high = unsafe bytes.loadUnaligned(as: UInt64.self)
                    let low = unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                    return IPAddress(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
                }
            }
        default: return nil
        }
    }

    /// The number of the interface `name`. POSIX `if_nametoindex`.
    public static func number(of name: String) -> UInt32? {
        let number = unsafe if_nametoindex(name)
        return number == 0 ? nil : number
    }

    /// The name of an interface. POSIX `if_indextoname`.
    public static func name(of number: UInt32) -> String? {
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        guard unsafe if_indextoname(number, &name) != nil else { return nil }
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
