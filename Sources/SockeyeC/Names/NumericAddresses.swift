import CSockeye
import Glibc
import Names
import Wire

// Addresses in numbers. Texts that are no UTF-8 are no addresses either.

private func string(_ text: UnsafePointer<CChar>?) -> String {
    unsafe text.map { unsafe String(cString: $0) } ?? ""
}

@c @implementation
public func sockeye_inet_pton(
    _ family: CInt, _ text: UnsafePointer<CChar>!, _ address: UnsafeMutableRawPointer!
) -> CInt {
    let bytes: [UInt8]
    switch family {
    case AF_INET:
        guard let found = NumericAddress.pton4(unsafe string(text)) else { return 0 }
        bytes = networkBytes(found)
    case AF_INET6:
        guard let found = NumericAddress.pton6(unsafe string(text)) else { return 0 }
        bytes = networkBytes(found)
    default:
        errno = EAFNOSUPPORT
        return -1
    }
    unsafe copy(bytes, to: address, bytes.count)
    return 1
}

@c @implementation
public func sockeye_inet_ntop(
    _ family: CInt, _ address: UnsafeRawPointer!, _ text: UnsafeMutablePointer<CChar>!,
    _ length: socklen_t
) -> UnsafePointer<CChar>! {
    let result: String
    switch family {
    case AF_INET: result = NumericAddress.ntop(unsafe address4(address))
    case AF_INET6: result = NumericAddress.ntop(unsafe address6(address))
    default:
        errno = EAFNOSUPPORT
        return nil
    }
    let bytes = Array(result.utf8) + [0]
    guard bytes.count <= Int(length) else {
        errno = ENOSPC
        return nil
    }
    unsafe copy(bytes, to: text, bytes.count)
    return unsafe UnsafePointer(text)
}

@c @implementation
public func sockeye_inet_aton(
    _ text: UnsafePointer<CChar>!, _ address: UnsafeMutablePointer<in_addr>!
) -> CInt {
    guard let found = NumericAddress.aton(unsafe string(text)) else { return 0 }
    if let address = unsafe address { unsafe address.pointee.s_addr = found.rawValue.bigEndian }
    return 1
}

@c @implementation
public func sockeye_inet_ntoa(_ address: in_addr) -> UnsafeMutablePointer<CChar>! {
    let text = NumericAddress.ntop(IPv4Address(UInt32(bigEndian: address.s_addr)))
    guard let buffer = unsafe csockeye_buffer(CSOCKEYE_ADDRESS_BUFFER, 16) else { return nil }
    unsafe copy(Array(text.utf8) + [0], to: buffer, 16)
    return unsafe buffer.assumingMemoryBound(to: CChar.self)
}

@c @implementation
public func sockeye_inet_addr(_ text: UnsafePointer<CChar>!) -> in_addr_t {
    // Of 255.255.255.255 nobody can tell that it is one.
    NumericAddress.aton(unsafe string(text))?.rawValue.bigEndian ?? .max
}

@c @implementation
public func sockeye_inet_network(_ text: UnsafePointer<CChar>!) -> in_addr_t {
    NumericAddress.network(unsafe string(text)) ?? .max
}

@c @implementation
public func sockeye_inet_makeaddr(_ network: in_addr_t, _ host: in_addr_t) -> in_addr {
    in_addr(s_addr: NumericAddress.address(network: network, local: host).rawValue.bigEndian)
}

@c @implementation
public func sockeye_inet_lnaof(_ address: in_addr) -> in_addr_t {
    NumericAddress.localPart(of: IPv4Address(UInt32(bigEndian: address.s_addr)))
}

@c @implementation
public func sockeye_inet_netof(_ address: in_addr) -> in_addr_t {
    NumericAddress.networkPart(of: IPv4Address(UInt32(bigEndian: address.s_addr)))
}

// MARK: - Bytes in network order

func networkBytes(_ address: IPv4Address) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: address.rawValue >> UInt32(24 - 8 * $0)) }
}

func networkBytes(_ address: IPv6Address) -> [UInt8] {
    [address.high, address.low].flatMap { half in
        (0..<8).map { UInt8(truncatingIfNeeded: half >> UInt64(56 - 8 * $0)) }
    }
}

/// The four bytes at `place`, which must be there.
func address4(_ place: UnsafeRawPointer) -> IPv4Address {
    IPv4Address(UInt32(bigEndian: unsafe place.loadUnaligned(as: UInt32.self)))
}

/// The sixteen bytes at `place`, which must be there.
func address6(_ place: UnsafeRawPointer) -> IPv6Address {
    IPv6Address(
        high: UInt64(bigEndian: unsafe place.loadUnaligned(as: UInt64.self)),
        low: UInt64(bigEndian: unsafe place.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
}
