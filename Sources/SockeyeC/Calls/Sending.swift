import CSockeye
import Glibc
import Sockets
import Stack

// Bytes and messages out.

@c @implementation
public func sockeye_send(
    _ descriptor: CInt, _ buffer: UnsafeRawPointer!, _ length: Int, _ flags: CInt
) -> Int {
    onSocket(descriptor) { (socket) throws(SocketError) in
        let buffer = unsafe try bytes(buffer, length, in: "send")
        return try Outgoing(socket, flags).send(unsafe buffer.span)
    } kernel: {
        unsafe send(descriptor, buffer, length, flags)
    }
}

@c @implementation
public func sockeye_sendto(
    _ descriptor: CInt, _ buffer: UnsafeRawPointer!, _ length: Int, _ flags: CInt,
    _ address: UnsafePointer<sockaddr>!, _ addressLength: socklen_t
) -> Int {
    onSocket(descriptor) { (socket) throws(SocketError) in
        let buffer = unsafe try bytes(buffer, length, in: "sendto")
        var outgoing = Outgoing(socket, flags)
        if unsafe address != nil {
            try unsafe outgoing.take(address, addressLength)
        }
        return try outgoing.send(unsafe buffer.span)
    } kernel: {
        unsafe sendto(descriptor, buffer, length, flags, address, addressLength)
    }
}

@c @implementation
public func sockeye_write(
    _ descriptor: CInt, _ buffer: UnsafeRawPointer!, _ length: Int
) -> Int {
    onFile(descriptor) { (socket) throws(SocketError) in
        guard length >= 0 else { throw SocketError(EINVAL, in: "write") }
        let buffer = unsafe try bytes(buffer, length, in: "write")
        return try Outgoing(socket, 0).send(unsafe buffer.span)
    } kernel: {
        unsafe write(descriptor, buffer, length)
    }
}

@c @implementation
public func sockeye_writev(
    _ descriptor: CInt, _ vectors: UnsafePointer<iovec>!, _ count: CInt
) -> Int {
    onFile(descriptor) { (socket) throws(SocketError) in
        let vectors = unsafe try Vectors(vectors, Int(count), in: "writev", excess: EINVAL)
        // Nothing at all is not even an empty datagram.
        guard vectors.count > 0 else { return 0 }
        return try Outgoing(socket, 0).send(vectors)
    } kernel: {
        unsafe writev(descriptor, vectors, count)
    }
}

@c @implementation
public func sockeye_sendmsg(
    _ descriptor: CInt, _ message: UnsafePointer<msghdr>!, _ flags: CInt
) -> Int {
    onSocket(descriptor) { (socket) throws(SocketError) in
        let message = unsafe try existing(UnsafeMutablePointer(mutating: message), in: "sendmsg")
        return unsafe try Outgoing(socket, flags).send(message.pointee)
    } kernel: {
        unsafe sendmsg(descriptor, message, flags)
    }
}

@c @implementation
public func csockeye_sendmmsg(
    _ descriptor: CInt, _ messages: UnsafeMutablePointer<csockeye_mmsghdr>!, _ count: CUnsignedInt,
    _ flags: CInt
) -> CInt {
    onSocket(descriptor) { (socket) throws(SocketError) in
        let count = min(count, CUnsignedInt(Vectors.limit))
        guard count > 0 else { return 0 }
        let messages = unsafe try existing(messages, in: "sendmmsg")
        let outgoing = Outgoing(socket, flags)
        var sent: CInt = 0
        for index in 0..<Int(count) {
            do throws(SocketError) {
                let bytes = unsafe try outgoing.send(messages[index].msg_hdr)
                unsafe messages[index].msg_len = CUnsignedInt(bytes)
            } catch {
                // What went before the error is told first.
                guard sent > 0 else { throw error }
                break
            }
            sent += 1
        }
        return sent
    } kernel: {
        unsafe csockeye_kernel_sendmmsg(descriptor, messages, count, flags)
    }
}

@c @implementation
public func sockeye_sendfile(
    _ descriptor: CInt, _ file: CInt, _ offset: UnsafeMutablePointer<off_t>!, _ count: Int
) -> Int {
    onSocket(descriptor) { (socket) throws(SocketError) in
        guard count >= 0 else { throw SocketError(EINVAL, in: "sendfile") }
        return unsafe try Outgoing(socket, 0).send(file, offset, min(count, byteLimit))
    } kernel: {
        // From one of ours to one of the kernel's: sockets cannot be mapped, as in the kernel.
        guard Descriptors.description(of: file) == nil else {
            errno = EINVAL
            return -1
        }
        return unsafe csockeye_kernel_sendfile(descriptor, file, offset, count)
    }
}

/// What is to be said of one call that sends.
struct Outgoing {
    let socket: Socket
    let flags: MessageFlags
    var name: SocketName?
    var control: [ControlMessage] = []

    init(_ socket: Socket, _ flags: CInt) {
        self.socket = socket
        self.flags = MessageFlags(rawValue: flags)
    }

    func send(_ message: msghdr) throws(SocketError) -> Int {
        var outgoing = self
        let address = unsafe message.msg_name.map { name in
            unsafe UnsafePointer(name.assumingMemoryBound(to: sockaddr.self))
        }
        let length = unsafe CInt(bitPattern: message.msg_namelen)
        if unsafe address != nil {
            guard length >= 0 else { throw SocketError(EINVAL, in: "sendmsg") }
            // One without a length is none.
            if length > 0 {
                try unsafe outgoing.take(address, socklen_t(min(length, 128)))
            }
        }
        outgoing.control = unsafe try ControlBuffer.messages(
            message.msg_control, message.msg_controllen)
        return try outgoing.send(
            try unsafe Vectors(message.msg_iov, message.msg_iovlen, in: "sendmsg", excess: EMSGSIZE)
        )
    }

    func send(_ vectors: Vectors) throws(SocketError) -> Int {
        guard !vectors.isSimple else {
            guard let place = unsafe vectors.places.first else {
                let nothing: [UInt8] = []
                return try send(nothing.span)
            }
            return try send(unsafe UnsafeBufferPointer(place).span)
        }
        return try send(vectors.gathered().span)
    }

    /// Sends a message, or all bytes of a stream if it may wait; how many were taken.
    func send(_ bytes: Span<UInt8>) throws(SocketError) -> Int {
        do throws(SocketError) {
            return try sendQuietly(bytes)
        } catch {
            if error.code == EPIPE, isStream, !flags.contains(.noSignal) { csockeye_raise_pipe() }
            throw error
        }
    }

    private var isStream: Bool { socket.kind == .stream || socket.kind == .local(.stream) }

    /// Takes the name that C hands over. A stream goes to its peer whatever it says, unless it
    /// begins with `MSG_FASTOPEN`.
    mutating func take(
        _ address: UnsafePointer<sockaddr>?, _ length: socklen_t
    ) throws(SocketError) {
        guard length <= 128 else { throw SocketError(EINVAL, in: "sendto") }
        guard !isStream || flags.contains(.fastOpen) else { return }
        let read = try unsafe SockeyeC.name(address, length, of: socket, for: .send)
        name = read == .unspecified ? nil : read
    }

    private func sendQuietly(_ bytes: Span<UInt8>) throws(SocketError) -> Int {
        var sent = try sendOnce(bytes)
        // A stream that may wait takes everything, as Linux's do.
        while isStream, sent < bytes.count, !socket.isNonblocking, !flags.contains(.dontWait) {
            do throws(SocketError) {
                sent += try sendOnce(bytes.extracting(droppingFirst: sent))
            } catch {
                break
            }
        }
        return sent
    }

    private func sendOnce(_ bytes: Span<UInt8>) throws(SocketError) -> Int {
        try socket.sendMessage(bytes, to: name, control: control, flags: flags)
    }

    // MARK: - Files

    /// Sends what a file has, from `offset` or from where it is read next, which move on; how many
    /// bytes.
    func send(
        _ file: CInt, _ offset: UnsafeMutablePointer<off_t>?, _ count: Int
    ) throws(SocketError) -> Int {
        guard Descriptors.description(of: file) == nil else {
            throw SocketError(EINVAL, in: "sendfile")
        }
        var place = unsafe offset?.pointee ?? lseek(file, 0, SEEK_CUR)
        guard place >= 0 else {
            throw SocketError(unsafe offset == nil ? errno : EINVAL, in: "sendfile")
        }
        var sent = 0
        var buffer = [UInt8](repeating: 0, count: min(count, 1 << 16))
        while sent < count {
            let part = unsafe pread(file, &buffer, min(buffer.count, count - sent), place)
            guard part >= 0 || sent > 0 else { throw SocketError(errno, in: "sendfile") }
            guard part > 0 else { break }
            do throws(SocketError) {
                let taken = try send(buffer.span.extracting(first: part))
                sent += taken
                place += taken
                if taken < part { break }
            } catch {
                guard sent > 0 else { throw error }
                break
            }
        }
        if let offset = unsafe offset {
            unsafe offset.pointee = place
        } else {
            lseek(file, place, SEEK_SET)
        }
        return sent
    }
}
