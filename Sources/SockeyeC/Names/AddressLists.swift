import CSockeye
import Glibc
import Names
import Sockets
import Stack
import Wire

// getaddrinfo and getnameinfo.

@c @implementation
public func sockeye_getaddrinfo(
    _ node: UnsafePointer<CChar>!, _ service: UnsafePointer<CChar>!,
    _ hints: UnsafePointer<addrinfo>!,
    _ result: UnsafeMutablePointer<UnsafeMutablePointer<addrinfo>?>!
) -> CInt {
    let wanted = unsafe hints.map { hints in
        let hints = unsafe hints.pointee
        return unsafe AddressHints(
            flags: AddressFlags(rawValue: hints.ai_flags), family: hints.ai_family,
            type: hints.ai_socktype, protocolNumber: hints.ai_protocol)
    }
    let host = unsafe node.map { unsafe String(cString: $0) }
    let port = unsafe service.map { unsafe String(cString: $0) }
    do throws(NameError) {
        let found = try Hosts.names.addresses(of: host, service: port, hints: wanted)
        guard let list = unsafe list(of: found) else { return EAI_MEMORY }
        unsafe result.pointee = list
        return 0
    } catch {
        if error.systemError != 0 { errno = error.systemError }
        return error.code
    }
}

/// A list that `freeaddrinfo` frees: each entry with its address and name in one piece.
private func list(of entries: [Names.AddressInformation]) -> UnsafeMutablePointer<addrinfo>? {
    var first: UnsafeMutablePointer<addrinfo>?
    for entry in entries.reversed() {
        guard let item = unsafe item(of: entry) else {
            unsafe sockeye_freeaddrinfo(first)
            return nil
        }
        unsafe item.pointee.ai_next = first
        unsafe first = item
    }
    return unsafe first
}

private func item(of entry: Names.AddressInformation) -> UnsafeMutablePointer<addrinfo>? {
    let family: AddressFamily = entry.family == AF_INET ? .inet : .inet6
    let address = SocketName.internet(entry.socketAddress).bytes(for: family)
    let name: [UInt8] = entry.canonicalName.map { Array($0.utf8) + [0] } ?? []
    let head = unsafe MemoryLayout<addrinfo>.size
    guard let block = unsafe calloc(1, head + address.count + name.count) else { return nil }
    let place = unsafe block + head
    unsafe copy(address, to: place, address.count)
    unsafe copy(name, to: place + address.count, name.count)
    let item = unsafe block.assumingMemoryBound(to: addrinfo.self)
    unsafe item.pointee.ai_flags = entry.flags.rawValue
    unsafe item.pointee.ai_family = entry.family
    unsafe item.pointee.ai_socktype = entry.type
    unsafe item.pointee.ai_protocol = entry.protocolNumber
    unsafe item.pointee.ai_addrlen = socklen_t(address.count)
    unsafe item.pointee.ai_addr = place.assumingMemoryBound(to: sockaddr.self)
    if !name.isEmpty {
        unsafe item.pointee.ai_canonname =
            (place + address.count).assumingMemoryBound(to: CChar.self)
    }
    return unsafe item
}

@c @implementation
public func sockeye_freeaddrinfo(_ list: UnsafeMutablePointer<addrinfo>!) {
    var next: UnsafeMutablePointer<addrinfo>? = unsafe list
    while let item = unsafe next {
        unsafe next = item.pointee.ai_next
        unsafe free(item)
    }
}

@c @implementation
public func sockeye_getnameinfo(
    _ address: UnsafePointer<sockaddr>!, _ length: socklen_t, _ host: UnsafeMutablePointer<CChar>!,
    _ hostLength: socklen_t, _ service: UnsafeMutablePointer<CChar>!, _ serviceLength: socklen_t,
    _ flags: CInt
) -> CInt {
    guard let buffer = unsafe try? bytes(UnsafeRawPointer(address), Int(length), in: "getnameinfo"),
        let name = try? SocketName(bytes: unsafe buffer.span), case .internet(let peer) = name
    else { return EAI_FAMILY }
    let family = unsafe CInt(address.pointee.sa_family)
    let wantsHost = unsafe host != nil && hostLength > 0
    let wantsService = unsafe service != nil && serviceLength > 0
    do throws(NameError) {
        let found = try Hosts.names.names(
            of: peer.address, family: family, port: peer.port, scope: UInt32(peer.zone),
            flags: NameFlags(rawValue: flags), wantsHost: wantsHost, wantsService: wantsService)
        if wantsHost, unsafe !put(found.host, host, hostLength) { return overflow }
        if wantsService, unsafe !put(found.service, service, serviceLength) { return overflow }
        return 0
    } catch {
        if error.systemError != 0 { errno = error.systemError }
        return error.code
    }
}

/// `EAI_OVERFLOW`, which only GNU's headers have.
private var overflow: CInt { -12 }

/// Writes a text and its zero; whether there was room.
private func put(_ text: String, _ place: UnsafeMutablePointer<CChar>, _ room: socklen_t) -> Bool {
    let bytes = Array(text.utf8) + [0]
    guard bytes.count <= Int(room) else { return false }
    unsafe copy(bytes, to: place, bytes.count)
    return true
}
