import CSockeye
import Glibc
import Names
import Wire

// gethostbyname and its relatives.

private func string(_ text: UnsafePointer<CChar>?) -> String? {
    unsafe text.map { unsafe String(cString: $0) }
}

// MARK: - Hosts

@c @implementation
public func sockeye_gethostbyname(_ name: UnsafePointer<CChar>!) -> UnsafeMutablePointer<hostent>! {
    unsafe sockeye_gethostbyname2(name, AF_INET)
}

@c @implementation
public func sockeye_gethostbyname2(
    _ name: UnsafePointer<CChar>!, _ family: CInt
) -> UnsafeMutablePointer<hostent>! {
    unsafe threadHost { () throws(HostError) in try host(unsafe string(name), family) }
}

@c @implementation
public func sockeye_gethostbyaddr(
    _ address: UnsafeRawPointer!, _ length: socklen_t, _ family: CInt
) -> UnsafeMutablePointer<hostent>! {
    unsafe threadHost { () throws(HostError) in unsafe try host(at: address, length, family) }
}

@c @implementation
public func sockeye_gethostbyname_r(
    _ name: UnsafePointer<CChar>!, _ entry: UnsafeMutablePointer<hostent>!,
    _ buffer: UnsafeMutablePointer<CChar>!, _ length: Int,
    _ result: UnsafeMutablePointer<UnsafeMutablePointer<hostent>?>!,
    _ error: UnsafeMutablePointer<CInt>!
) -> CInt {
    unsafe sockeye_gethostbyname2_r(name, AF_INET, entry, buffer, length, result, error)
}

@c @implementation
public func sockeye_gethostbyname2_r(
    _ name: UnsafePointer<CChar>!, _ family: CInt, _ entry: UnsafeMutablePointer<hostent>!,
    _ buffer: UnsafeMutablePointer<CChar>!, _ length: Int,
    _ result: UnsafeMutablePointer<UnsafeMutablePointer<hostent>?>!,
    _ error: UnsafeMutablePointer<CInt>!
) -> CInt {
    unsafe given(entry, buffer, length, result, error) { () throws(HostError) in
        try host(unsafe string(name), family)
    }
}

@c @implementation
public func sockeye_gethostbyaddr_r(
    _ address: UnsafeRawPointer!, _ addressLength: socklen_t, _ family: CInt,
    _ entry: UnsafeMutablePointer<hostent>!, _ buffer: UnsafeMutablePointer<CChar>!,
    _ length: Int, _ result: UnsafeMutablePointer<UnsafeMutablePointer<hostent>?>!,
    _ error: UnsafeMutablePointer<CInt>!
) -> CInt {
    unsafe given(entry, buffer, length, result, error) { () throws(HostError) in
        unsafe try host(at: address, addressLength, family)
    }
}

private func host(_ name: String?, _ family: CInt) throws(HostError) -> HostEntry {
    guard let name else { throw .hostNotFound }
    return try Hosts.names.host(named: name, family: family)
}

private func host(
    at place: UnsafeRawPointer?, _ length: socklen_t, _ family: CInt
) throws(HostError) -> HostEntry {
    guard let place = unsafe place else { throw .hostNotFound }
    switch (family, length) {
    case (AF_INET, 4):
        return try Hosts.names.host(of: unsafe IPAddress(address4(place)), family: family)
    case (AF_INET6, 16):
        return try Hosts.names.host(of: unsafe IPAddress(address6(place)), family: family)
    default: throw .noRecovery
    }
}

/// Answers in the thread's own structure, or in `h_errno`.
private func threadHost(
    _ look: () throws(HostError) -> HostEntry
) -> UnsafeMutablePointer<hostent>? {
    do throws(HostError) {
        let found = try look()
        return unsafe threadEntry(CSOCKEYE_HOST_BUFFER) { entry, buffer, room in
            unsafe found.write(entry, buffer, room)
        }
    } catch {
        csockeye_set_h_errno(error.code)
        return nil
    }
}

/// Answers in the caller's structure: 0, or `ERANGE` when its buffer is too small.
private func given(
    _ entry: UnsafeMutablePointer<hostent>, _ buffer: UnsafeMutablePointer<CChar>, _ length: Int,
    _ result: UnsafeMutablePointer<UnsafeMutablePointer<hostent>?>,
    _ error: UnsafeMutablePointer<CInt>, _ look: () throws(HostError) -> HostEntry
) -> CInt {
    unsafe result.pointee = nil
    do throws(HostError) {
        let found = try look()
        guard unsafe found.write(entry, UnsafeMutableRawPointer(buffer), length) else {
            // NETDB_INTERNAL: errno says the rest.
            unsafe error.pointee = -1
            return ERANGE
        }
        unsafe result.pointee = entry
        return 0
    } catch let failure {
        unsafe error.pointee = failure.code
        return 0
    }
}

// MARK: - Services and protocols

@c @implementation
public func sockeye_getservbyname(
    _ name: UnsafePointer<CChar>!, _ number: UnsafePointer<CChar>!
) -> UnsafeMutablePointer<servent>! {
    guard let name = unsafe string(name) else { return nil }
    return unsafe answer(Hosts.names.service(named: name, protocol: string(number)))
}

@c @implementation
public func sockeye_getservbyport(
    _ port: CInt, _ number: UnsafePointer<CChar>!
) -> UnsafeMutablePointer<servent>! {
    let port = UInt16(bigEndian: UInt16(truncatingIfNeeded: port))
    return unsafe answer(Hosts.names.service(port: port, protocol: string(number)))
}

private func answer(_ found: ServiceEntry?) -> UnsafeMutablePointer<servent>? {
    guard let found else { return nil }
    return unsafe threadEntry(CSOCKEYE_SERVICE_BUFFER) { entry, buffer, room in
        unsafe found.write(entry, buffer, room)
    }
}

@c @implementation
public func sockeye_getprotobyname(
    _ name: UnsafePointer<CChar>!
) -> UnsafeMutablePointer<protoent>! {
    guard let name = unsafe string(name) else { return nil }
    return unsafe answer(Hosts.names.protocolEntry(named: name))
}

@c @implementation
public func sockeye_getprotobynumber(_ number: CInt) -> UnsafeMutablePointer<protoent>! {
    unsafe answer(Hosts.names.protocolEntry(number: number))
}

private func answer(_ found: ProtocolEntry?) -> UnsafeMutablePointer<protoent>? {
    guard let found else { return nil }
    return unsafe threadEntry(CSOCKEYE_PROTOCOL_BUFFER) { entry, buffer, room in
        unsafe found.write(entry, buffer, room)
    }
}
