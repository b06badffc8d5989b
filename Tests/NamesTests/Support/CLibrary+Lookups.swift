import Glibc
import Names
import Wire

/// The C library's lookups, in the words of ours.
extension CLibrary {
    static func addresses(
        of host: String?, service: String?, hints: AddressHints?
    ) -> Result<[AddressInformation], NameError> {
        var list: UnsafeMutablePointer<addrinfo>?
        let code: Int32
        if let hints {
            var given = unsafe addrinfo()
            unsafe given.ai_flags = hints.flags.rawValue
            unsafe given.ai_family = hints.family
            unsafe given.ai_socktype = hints.type
            unsafe given.ai_protocol = hints.protocolNumber
            code = unsafe getaddrinfo(host, service, &given, &list)
        } else {
            code = unsafe getaddrinfo(host, service, nil, &list)
        }
        guard code == 0 else { return .failure(NameError(code: code)) }
        defer { unsafe freeaddrinfo(list) }
        var found: [AddressInformation] = []
        var next = unsafe list
        while let entry = unsafe next {
            unsafe found.append(information(entry.pointee))
            unsafe next = entry.pointee.ai_next
        }
        return .success(found)
    }

    private static func information(_ entry: addrinfo) -> AddressInformation {
        var address = IPAddress.unspecifiedV4
        var port: UInt16 = 0
        var scope: UInt32 = 0
        let family = unsafe entry.ai_family
        if family == AF_INET {
            unsafe entry.ai_addr.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { name in
                let raw = unsafe name.pointee.sin_addr.s_addr
                address = IPAddress(IPv4Address(UInt32(bigEndian: raw)))
                port = UInt16(bigEndian: unsafe name.pointee.sin_port)
            }
        } else {
            unsafe entry.ai_addr.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { name in
                unsafe withUnsafeBytes(of: name.pointee.sin6_addr) { bytes in
                    let copy = unsafe Array(bytes)
                    address = IPAddress(copy.span.ipv6Address(at: 0))
                }
                port = UInt16(bigEndian: unsafe name.pointee.sin6_port)
                scope = unsafe name.pointee.sin6_scope_id
            }
        }
        let name = unsafe entry.ai_canonname.map { unsafe String(cString: $0) }
        return unsafe AddressInformation(
            flags: AddressFlags(rawValue: entry.ai_flags), family: entry.ai_family,
            type: entry.ai_socktype, protocolNumber: entry.ai_protocol, address: address,
            port: port, scope: scope, canonicalName: name)
    }

    static func errorText(_ code: Int32) -> String { unsafe String(cString: gai_strerror(code)) }

    static func hostErrorText(_ code: Int32) -> String { unsafe String(cString: hstrerror(code)) }

    static func names(
        of address: IPAddress, family: Int32, port: UInt16, scope: UInt32, flags: NameFlags
    ) -> Result<[String], NameError> {
        var host = [CChar](repeating: 0, count: 1_025)
        var service = [CChar](repeating: 0, count: 64)
        let code: Int32
        if family == AF_INET {
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            name.sin_addr.s_addr = (address.v4?.rawValue ?? 0).bigEndian
            code = unsafe withUnsafePointer(to: &name) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    unsafe getnameinfo(pointer, 16, &host, 1_025, &service, 64, flags.rawValue)
                }
            }
        } else {
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = port.bigEndian
            name.sin6_scope_id = scope
            unsafe withUnsafeMutableBytes(of: &name.sin6_addr) { bytes in
                unsafe bytes.storeBytes(of: address.high.bigEndian, as: UInt64.self)
                unsafe bytes.storeBytes(
                    of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            code = unsafe withUnsafePointer(to: &name) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    unsafe getnameinfo(pointer, 28, &host, 1_025, &service, 64, flags.rawValue)
                }
            }
        }
        if code != 0 { return .failure(NameError(code: code)) }
        return .success([string(host), string(service)])
    }

    static func service(named name: String, over protocolName: String?) -> ServiceEntry? {
        unsafe getservbyname(name, protocolName).map { unsafe entry($0.pointee) }
    }

    static func service(port: UInt16, over protocolName: String?) -> ServiceEntry? {
        unsafe getservbyport(Int32(port.bigEndian), protocolName).map { unsafe entry($0.pointee) }
    }

    private static func entry(_ found: servent) -> ServiceEntry {
        unsafe ServiceEntry(
            name: String(cString: found.s_name), aliases: strings(found.s_aliases),
            port: UInt16(truncatingIfNeeded: found.s_port).bigEndian,
            protocolName: String(cString: found.s_proto))
    }

    static func protocolEntry(named name: String) -> ProtocolEntry? {
        unsafe getprotobyname(name).map { unsafe entry($0.pointee) }
    }

    static func protocolEntry(number: Int32) -> ProtocolEntry? {
        unsafe getprotobynumber(number).map { unsafe entry($0.pointee) }
    }

    private static func entry(_ found: protoent) -> ProtocolEntry {
        unsafe ProtocolEntry(
            name: String(cString: found.p_name), aliases: strings(found.p_aliases),
            number: found.p_proto)
    }

    private static func strings(
        _ list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) -> [String] {
        var found: [String] = []
        var next = unsafe list
        while let place = unsafe next, let text = unsafe place.pointee {
            unsafe found.append(String(cString: text))
            unsafe next = place + 1
        }
        return found
    }
}
