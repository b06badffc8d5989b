import CSockeye
import Devices
import Glibc
import Sockets
import Stack

// Bytes and messages in.

@c @implementation
public func sockeye_recv(
    _ descriptor: CInt, _ buffer: UnsafeMutableRawPointer!, _ length: Int, _ flags: CInt
) -> Int {
    onSocket(descriptor) { (socket) throws(SocketError) in
        let room = unsafe try room(buffer, length, in: "recv")
        let flags = MessageFlags(rawValue: flags)
        return unsafe try receive(socket, room, flags).length(flags)
    } kernel: {
        unsafe recv(descriptor, buffer, length, flags)
    }
}

@c @implementation
public func sockeye_recvfrom(
    _ descriptor: CInt, _ buffer: UnsafeMutableRawPointer!, _ length: Int, _ flags: CInt,
    _ address: UnsafeMutablePointer<sockaddr>!, _ addressLength: UnsafeMutablePointer<socklen_t>!
) -> Int {
    onSocket(descriptor) { (socket) throws(SocketError) in
        let room = unsafe try room(buffer, length, in: "recvfrom")
        let flags = MessageFlags(rawValue: flags)
        let message = unsafe try receive(socket, room, flags)
        if unsafe address != nil {
            unsafe try write(
                message.source, socket.family, to: address, addressLength, in: "recvfrom")
        }
        return message.length(flags)
    } kernel: {
        unsafe recvfrom(descriptor, buffer, length, flags, address, addressLength)
    }
}

@c @implementation
public func sockeye_read(
    _ descriptor: CInt, _ buffer: UnsafeMutableRawPointer!, _ length: Int
) -> Int {
    onFile(descriptor) { (socket) throws(SocketError) in
        guard length >= 0 else { throw SocketError(EINVAL, in: "read") }
        let room = unsafe try room(buffer, length, in: "read")
        // Of a socket too, nothing is read where there is no room.
        guard !room.isEmpty else { return 0 }
        return unsafe try receive(socket, room, []).count
    } kernel: {
        unsafe read(descriptor, buffer, length)
    }
}

@c @implementation
public func sockeye_readv(
    _ descriptor: CInt, _ vectors: UnsafePointer<iovec>!, _ count: CInt
) -> Int {
    onFile(descriptor) { (socket) throws(SocketError) in
        let vectors = unsafe try Vectors(vectors, Int(count), in: "readv", excess: EINVAL)
        guard vectors.count > 0 else { return 0 }
        return try receive(socket, vectors, []).count
    } kernel: {
        unsafe readv(descriptor, vectors, count)
    }
}

@c @implementation
public func sockeye_recvmsg(
    _ descriptor: CInt, _ message: UnsafeMutablePointer<msghdr>!, _ flags: CInt
) -> Int {
    onSocket(descriptor) { (socket) throws(SocketError) in
        let message = unsafe try existing(message, in: "recvmsg")
        return unsafe try receive(socket, message, MessageFlags(rawValue: flags))
    } kernel: {
        unsafe recvmsg(descriptor, message, flags)
    }
}

@c @implementation
public func csockeye_recvmmsg(
    _ descriptor: CInt, _ messages: UnsafeMutablePointer<csockeye_mmsghdr>!, _ count: CUnsignedInt,
    _ flags: CInt, _ timeout: UnsafeMutablePointer<timespec>!
) -> CInt {
    onSocket(descriptor) { (socket) throws(SocketError) in
        let count = min(count, CUnsignedInt(Vectors.limit))
        let deadline = unsafe try timeout.map { (limit) throws(SocketError) in
            MonotonicClock.now() + (try interval(unsafe limit.pointee, in: "recvmmsg"))
        }
        guard count > 0 else { return 0 }
        let messages = unsafe try existing(messages, in: "recvmmsg")
        var flags = MessageFlags(rawValue: flags)
        var received: CInt = 0
        for index in 0..<Int(count) {
            do throws(SocketError) {
                var header = unsafe messages[index].msg_hdr
                let bytes = unsafe try receive(
                    socket, &header, flags.subtracting(.waitForOne))
                unsafe messages[index].msg_hdr = header
                unsafe messages[index].msg_len = CUnsignedInt(bytes)
            } catch {
                guard received > 0 else { throw error }
                break
            }
            received += 1
            if flags.contains(.waitForOne) { flags.insert(.dontWait) }
            // Looked at after each message only, as Linux does.
            if let deadline, MonotonicClock.now() >= deadline { break }
        }
        return received
    } kernel: {
        unsafe csockeye_kernel_recvmmsg(descriptor, messages, count, flags, timeout)
    }
}

extension ReceivedMessage {
    /// What a call gives back: with `MSG_TRUNC` the length of the message before it was cut.
    fileprivate func length(_ flags: MessageFlags) -> Int {
        flags.contains(.truncated) ? max(count, fullCount) : count
    }
}

/// Receives into one place.
private func receive(
    _ socket: Socket, _ room: UnsafeMutableBufferPointer<UInt8>, _ flags: MessageFlags
) throws(SocketError) -> ReceivedMessage {
    var span = unsafe room.mutableSpan
    return try socket.receiveMessage(into: &span, flags: flags)
}

/// Receives into several places, each filled before the next.
private func receive(
    _ socket: Socket, _ vectors: Vectors, _ flags: MessageFlags
) throws(SocketError) -> ReceivedMessage {
    guard !vectors.isSimple else {
        let empty = unsafe UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)
        return unsafe try receive(socket, vectors.places.first ?? empty, flags)
    }
    // A stream has no ends in it that a smaller bite would miss; nor is a message longer.
    let most = flags.contains(.waitAll) ? vectors.count : min(vectors.count, 1 << 20)
    var bytes = [UInt8](repeating: 0, count: most)
    var span = bytes.mutableSpan
    let message = try socket.receiveMessage(into: &span, flags: flags)
    vectors.scatter(bytes, message.count)
    return message
}

/// Receives as a `msghdr` says and fills in the rest of it; what the call gives back.
private func receive(
    _ socket: Socket, _ header: UnsafeMutablePointer<msghdr>, _ flags: MessageFlags
) throws(SocketError) -> Int {
    let place = unsafe header
    var header = unsafe place.pointee
    defer { unsafe place.pointee = header }
    let vectors = unsafe try Vectors(
        header.msg_iov, header.msg_iovlen, in: "recvmsg", excess: EMSGSIZE)
    let message = try receive(socket, vectors, flags)
    let address = unsafe header.msg_name?.assumingMemoryBound(to: sockaddr.self)
    if unsafe address != nil {
        unsafe try write(
            message.source, socket.family, to: address, &header.msg_namelen, in: "recvmsg")
    }
    let (count, isTruncated) = unsafe try ControlBuffer.write(
        message.control, to: header.msg_control, header.msg_controllen, flags)
    unsafe header.msg_controllen = count
    var told = message.flags.union(flags.intersection(.closeOnExec))
    if isTruncated { told.insert(.controlTruncated) }
    unsafe header.msg_flags = told.rawValue
    return message.length(flags)
}
