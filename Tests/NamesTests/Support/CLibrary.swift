import Glibc
import Wire

/// The C library's own answers, against which ours are held.
enum CLibrary {
    static func pton4(_ text: String) -> IPv4Address? {
        var address = in_addr()
        guard unsafe inet_pton(AF_INET, text, &address) == 1 else { return nil }
        return IPv4Address(UInt32(bigEndian: address.s_addr))
    }

    static func pton6(_ text: String) -> IPv6Address? {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard unsafe inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
        return bytes.span.ipv6Address(at: 0)
    }

    static func ntop(_ address: IPv6Address) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        var span = bytes.mutableSpan
        span.write(address, at: 0)
        var text = [CChar](repeating: 0, count: 64)
        unsafe inet_ntop(AF_INET6, bytes, &text, 64)
        return string(text)
    }

    static func ntop(_ address: IPv4Address) -> String {
        var number = address.rawValue.bigEndian
        var text = [CChar](repeating: 0, count: 64)
        unsafe inet_ntop(AF_INET, &number, &text, 64)
        return string(text)
    }

    static func aton(_ text: String) -> IPv4Address? {
        var address = in_addr()
        guard unsafe inet_aton(text, &address) != 0 else { return nil }
        return IPv4Address(UInt32(bigEndian: address.s_addr))
    }

    /// nil for what it calls an error: 255.255.255.255 too.
    static func addr(_ text: String) -> IPv4Address? {
        let number = unsafe inet_addr(text)
        return number == .max ? nil : IPv4Address(UInt32(bigEndian: number))
    }

    static func network(_ text: String) -> UInt32? {
        let number = unsafe inet_network(text)
        return number == .max ? nil : number
    }

    /// The text of a buffer up to its first zero.
    static func string(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
