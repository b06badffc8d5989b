import CLinux
import Glibc

/// A connection between two programs of this machine: a UNIX stream socket.
public final class LocalStream: Sendable {
    /// Polls readable when bytes or the end of the stream wait; belongs to the stream.
    public let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Connects to the socket at `path`. POSIX `connect`.
    ///
    /// - Throws: `ENOENT`, `EACCES`; `ECONNREFUSED` when nobody listens any more; `ENAMETOOLONG`.
    public static func connect(to path: String) throws(DeviceError) -> LocalStream {
        // The call reads the name's bytes and keeps no pointer to them.
        let result = unsafe clinux_local_connect(path)
        guard result >= 0 else { throw DeviceError("connect to \(path)", result: result) }
        return LocalStream(result)
    }

    /// The user who made the connection; nil where the system does not say. `SO_PEERCRED`.
    public var peerUser: UInt32? { UInt32(exactly: clinux_local_peer(descriptor)) }

    /// The process that made the connection; nil where the system does not say. `SO_PEERCRED`.
    public var peerProcess: Int32? {
        let process = clinux_local_peer_process(descriptor)
        return process > 0 ? process : nil
    }

    /// How long a call waits at most, in milliseconds; 0 for ever. `SO_RCVTIMEO`, `SO_SNDTIMEO`.
    public func setTimeouts(receiving: Int64, sending: Int64) {
        clinux_local_set_timeouts(descriptor, receiving, sending)
    }

    /// Sends all of `bytes`. POSIX `send` with `MSG_NOSIGNAL`.
    ///
    /// - Throws: `EPIPE` when the other side is gone, `EAGAIN` when it takes nothing in time.
    public func send(_ bytes: [UInt8]) throws(DeviceError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // The call reads the bytes and keeps no pointer to them.
            let count = unsafe rest.withUnsafeBytes { buffer in
                unsafe clinux_local_send(descriptor, buffer.baseAddress, buffer.count)
            }
            guard count > 0 else {
                throw DeviceError("send to a program", result: Int32(truncatingIfNeeded: count))
            }
            rest.removeFirst(count)
        }
    }

    /// Waits for bytes and takes up to `limit`; none at the end of the stream. POSIX `recv`.
    ///
    /// - Throws: `ECONNRESET`, `EAGAIN` when none came in time.
    public func receive(atMost limit: Int = 4096) throws(DeviceError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: max(1, limit))
        while true {
            // The array is written during the call only, and has the room.
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
            }
            if count >= 0 { return Array(bytes[..<count]) }
            guard errno == EINTR else {
                throw DeviceError(operation: "receive from a program", code: errno)
            }
        }
    }

    /// Sends no more: the other side sees the end of the stream. POSIX `shutdown`.
    public func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends both directions under whoever uses them. POSIX `shutdown`.
    public func end() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
