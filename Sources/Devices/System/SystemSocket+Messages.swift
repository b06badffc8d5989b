import Glibc
import Stack

/// Bytes and messages. No call waits, and none raises a signal.
extension SystemSocket {
    /// What `receive` took.
    public struct Message: Sendable {
        /// Bytes copied; with `MSG_TRUNC` asked for, those that the message had.
        public let count: Int
        /// The sender's `sockaddr`, empty for none.
        public let name: [UInt8]
        /// The control messages, each with its header.
        public let control: [UInt8]
        /// Of `MSG_TRUNC`, `MSG_CTRUNC`, `MSG_OOB`, `MSG_EOR`, `MSG_ERRQUEUE`.
        public let flags: CInt
    }

    /// Bytes that there is room for in the control messages of one message.
    private static var controlCapacity: Int { 4096 }

    /// Sends bytes; how many were taken. POSIX `send`.
    public func send(_ bytes: Span<UInt8>) throws(DeviceError) -> Int {
        try use("send") { (number) throws(DeviceError) in
            let flags = CInt(MSG_DONTWAIT | MSG_NOSIGNAL)
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe Glibc.send(number, bytes.baseAddress, bytes.count, flags)
            }
            return try Self.checkCount(count, "send")
        }
    }

    /// Takes bytes; how many. POSIX `recv`.
    public func receive(into buffer: inout MutableSpan<UInt8>) throws(DeviceError) -> Int {
        try use("recv") { (number) throws(DeviceError) in
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe recv(number, bytes.baseAddress, bytes.count, CInt(MSG_DONTWAIT))
            }
            return try Self.checkCount(count, "recv")
        }
    }

    /// Sends a message; how many bytes were taken. POSIX `sendmsg`.
    ///
    /// - Parameters:
    ///   - name: Where to; empty for the peer.
    ///   - control: Control messages, each with its header.
    public func send(
        _ bytes: Span<UInt8>, to name: [UInt8], control: [UInt8], flags: CInt
    ) throws(DeviceError) -> Int {
        try use("sendmsg") { (number) throws(DeviceError) in
            let flags = flags | CInt(MSG_DONTWAIT | MSG_NOSIGNAL)
            var name = name
            var control = control
            // All is read during the call only, where it stands.
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe name.withUnsafeMutableBytes { name in
                    unsafe control.withUnsafeMutableBytes { control in
                        var vector = unsafe iovec(
                            iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress),
                            iov_len: bytes.count)
                        return unsafe withUnsafeMutablePointer(to: &vector) { vector in
                            var header = unsafe Self.header(name, control, vector)
                            return unsafe sendmsg(number, &header, flags)
                        }
                    }
                }
            }
            return try Self.checkCount(count, "sendmsg")
        }
    }

    /// Takes a message. POSIX `recvmsg`.
    public func receiveMessage(
        into buffer: inout MutableSpan<UInt8>, flags: CInt
    ) throws(DeviceError) -> Message {
        try use("recvmsg") { (number) throws(DeviceError) in
            let flags = flags | CInt(MSG_DONTWAIT | MSG_CMSG_CLOEXEC)
            var name = [UInt8](repeating: 0, count: Self.nameCapacity)
            var control = [UInt8](repeating: 0, count: Self.controlCapacity)
            var header = unsafe msghdr()
            // All is written during the call only, where it stands.
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe name.withUnsafeMutableBytes { name in
                    unsafe control.withUnsafeMutableBytes { control in
                        var vector = unsafe iovec(
                            iov_base: bytes.baseAddress, iov_len: bytes.count)
                        return unsafe withUnsafeMutablePointer(to: &vector) { vector in
                            unsafe header = Self.header(name, control, vector)
                            return unsafe recvmsg(number, &header, flags)
                        }
                    }
                }
            }
            return unsafe Message(
                count: try Self.checkCount(count, "recvmsg"),
                name: Array(name.prefix(Int(header.msg_namelen))),
                control: Array(control.prefix(Int(header.msg_controllen))),
                flags: header.msg_flags)
        }
    }

    private static func header(
        _ name: UnsafeMutableRawBufferPointer, _ control: UnsafeMutableRawBufferPointer,
        _ vector: UnsafeMutablePointer<iovec>
    ) -> msghdr {
        var header = unsafe msghdr()
        if unsafe !name.isEmpty {
            unsafe header.msg_name = name.baseAddress
            unsafe header.msg_namelen = socklen_t(name.count)
        }
        unsafe header.msg_iov = vector
        unsafe header.msg_iovlen = 1
        if unsafe !control.isEmpty {
            unsafe header.msg_control = control.baseAddress
            unsafe header.msg_controllen = control.count
        }
        return unsafe header
    }

    private static func checkCount(_ count: Int, _ call: String) throws(DeviceError) -> Int {
        guard count >= 0 else { throw DeviceError(operation: call, code: errno) }
        return count
    }
}
