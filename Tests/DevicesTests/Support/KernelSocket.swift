import Glibc
import Wire

/// A socket of the kernel, non-blocking, closed with the object.
final class KernelSocket: Sendable {
    struct Failure: Error { let code: Int32 }

    let descriptor: Int32
    private let isIPv4: Bool

    init(_ isIPv4: Bool, _ type: __socket_type) throws {
        self.isIPv4 = isIPv4
        let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(isIPv4 ? AF_INET : AF_INET6, Int32(type.rawValue) | flags, 0)
        guard descriptor >= 0 else { throw Failure(code: errno) }
    }

    deinit { close(descriptor) }

    /// Calls `body` with an address as the kernel has it.
    private func withRaw(
        _ address: SocketAddress, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        if isIPv4 {
            var raw = sockaddr_in()
            raw.sin_family = sa_family_t(AF_INET)
            raw.sin_port = address.port.bigEndian
            raw.sin_addr.s_addr = (address.address.v4 ?? .unspecified).rawValue.bigEndian
            return unsafe withUnsafeBytes(of: &raw) { bytes in
                unsafe body(
                    bytes.assumingMemoryBound(to: sockaddr.self).baseAddress.unsafelyUnwrapped,
                    socklen_t(bytes.count))
            }
        }
        var raw = sockaddr_in6()
        raw.sin6_family = sa_family_t(AF_INET6)
        raw.sin6_port = address.port.bigEndian
        let high = address.address.high.bigEndian
        let low = address.address.low.bigEndian
        unsafe withUnsafeMutableBytes(of: &raw.sin6_addr) { bytes in
            unsafe bytes.storeBytes(of: high, as: UInt64.self)
            unsafe bytes.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
        }
        return unsafe withUnsafeBytes(of: &raw) { bytes in
            unsafe body(
                bytes.assumingMemoryBound(to: sockaddr.self).baseAddress.unsafelyUnwrapped,
                socklen_t(bytes.count))
        }
    }

    func bind(_ address: SocketAddress) throws {
        let result = unsafe withRaw(address) { unsafe Glibc.bind(descriptor, $0, $1) }
        guard result == 0 else { throw Failure(code: errno) }
    }

    /// Begins to connect, or connects, if that needs no answer.
    func connect(_ address: SocketAddress) throws {
        let result = unsafe withRaw(address) { unsafe Glibc.connect(descriptor, $0, $1) }
        guard result == 0 || errno == EINPROGRESS else { throw Failure(code: errno) }
    }

    /// How many of `bytes` the kernel took.
    func send(_ bytes: [UInt8]) -> Int {
        unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// What comes within `milliseconds`, at most `limit` bytes; nil when nothing does.
    func receive(_ limit: Int, within milliseconds: Int32 = 2000) -> [UInt8]? {
        guard isReadable(descriptor, within: milliseconds) else { return nil }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = unsafe recv(descriptor, &bytes, limit, 0)
        return count < 0 ? nil : Array(bytes.prefix(count))
    }
}
