import CLinux
import Glibc

@testable import Devices

/// A UNIX socket as a program of somebody else's holds it; non-blocking, closed with the object.
final class RawUNIXSocket {
    struct Failure: Error { let code: Int32 }

    let descriptor: Int32
    private let isStream: Bool

    init(stream: Bool) throws {
        isStream = stream
        descriptor = clinux_unix_socket(stream ? 1 : 0)
        guard descriptor >= 0 else { throw Failure(code: 0 - descriptor) }
    }

    private init(_ descriptor: Int32) {
        isStream = true
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    private func check(_ result: Int32) throws {
        guard result == 0 else { throw Failure(code: 0 - result) }
    }

    func connect(_ path: String) throws {
        let address = try UNIXAddress(path)
        try check(unsafe clinux_unix_connect(descriptor, address.raw))
    }

    /// Binds, and listens if it is a stream socket. The file stays when the socket goes.
    func bind(_ path: String) throws {
        let address = try UNIXAddress(path)
        try check(unsafe clinux_unix_bind(descriptor, address.raw, isStream ? 1 : 0))
        if isStream { try check(clinux_unix_listen(descriptor)) }
    }

    /// Who connects within two seconds.
    func accept() throws -> RawUNIXSocket {
        _ = isReadable(descriptor, within: 2000)
        let result = clinux_unix_accept(descriptor)
        guard result >= 0 else { throw Failure(code: 0 - result) }
        return RawUNIXSocket(result)
    }

    /// Sends all of `bytes` in one call, to `path` if one is named.
    func send(_ bytes: [UInt8], to path: String? = nil) throws {
        let address = try path.map { path throws -> UNIXAddress in try UNIXAddress(path) }
        let count = unsafe bytes.withUnsafeBytes { buffer in
            var piece = unsafe clinux_vector(
                bytes: UnsafeMutableRawPointer(mutating: buffer.baseAddress), count: buffer.count)
            switch address {
            case .some(let address):
                return unsafe clinux_send_vectors(descriptor, address.raw, &piece, 1)
            case .none: return unsafe clinux_send_vectors(descriptor, nil, &piece, 1)
            }
        }
        guard count == bytes.count else { throw Failure(code: Int32(0 - count)) }
    }

    /// What is there within two seconds, at most `limit` bytes; empty at the stream's end, nil when
    /// nothing comes.
    func receive(_ limit: Int = 1 << 17) -> [UInt8]? {
        guard isReadable(descriptor, within: 2000) else { return nil }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = unsafe clinux_read(descriptor, &bytes, limit)
        return count < 0 ? nil : Array(bytes.prefix(count))
    }

    /// The next `count` bytes of a stream; fewer when it ends or nothing comes for two seconds.
    func receiveAll(_ count: Int) -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count, let more = receive(count - all.count), !more.isEmpty {
            all += more
        }
        return all
    }
}

/// A frame behind its length, as it stands in a stream.
func record(_ frame: [UInt8]) -> [UInt8] {
    let count = frame.count
    return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) } + frame
}
