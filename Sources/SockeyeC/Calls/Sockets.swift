import CSockeye
import Glibc
import Sockets
import Stack

// Sockets and their connections.

/// `SOCK_NONBLOCK` and `SOCK_CLOEXEC`, which have the values of the flags of files.
struct CreationFlags {
    let isNonblocking: Bool
    let closesOnExec: Bool

    /// - Throws: `EINVAL` for others.
    init(_ flags: CInt, in call: String) throws(SocketError) {
        guard flags & ~(O_NONBLOCK | O_CLOEXEC) == 0 else { throw SocketError(EINVAL, in: call) }
        isNonblocking = flags & O_NONBLOCK != 0
        closesOnExec = flags & O_CLOEXEC != 0
    }

    /// Enters a new socket; its descriptor.
    func open(_ socket: Socket) throws(SocketError) -> CInt {
        socket.isNonblocking = isNonblocking
        return try Descriptors.add(OpenDescription(.socket(socket)), closesOnExec: closesOnExec)
    }
}

@c @implementation
public func sockeye_socket(_ domain: CInt, _ type: CInt, _ number: CInt) -> CInt {
    outcome { () throws(SocketError) in
        let flags = try CreationFlags(type & ~0xF, in: "socket")
        let kind = try SocketType(domain, type & 0xF, number)
        return try flags.open(try kind.open(on: try Hosts.current))
    }
}

@c @implementation
public func sockeye_socketpair(
    _ domain: CInt, _ type: CInt, _ number: CInt, _ descriptors: UnsafeMutablePointer<CInt>!
) -> CInt {
    outcome { () throws(SocketError) in
        let flags = try CreationFlags(type & ~0xF, in: "socketpair")
        let place = unsafe try existing(descriptors, in: "socketpair")
        let kind = try SocketType(domain, type & 0xF, number)
        let (one, other) = try kind.openPair(on: try Hosts.current)
        let first = try flags.open(one)
        do throws(SocketError) {
            unsafe place[1] = try flags.open(other)
        } catch {
            _ = Descriptors.close(first)
            throw error
        }
        unsafe place[0] = first
        return 0
    }
}

@c @implementation
public func sockeye_bind(
    _ descriptor: CInt, _ address: UnsafePointer<sockaddr>!, _ length: socklen_t
) -> CInt {
    onSocket(descriptor) { (socket) throws(SocketError) in
        try socket.bind(to: unsafe name(address, length, of: socket, for: .bind))
        return 0
    } kernel: {
        unsafe bind(descriptor, address, length)
    }
}

@c @implementation
public func sockeye_listen(_ descriptor: CInt, _ backlog: CInt) -> CInt {
    onSocket(descriptor) { (socket) throws(SocketError) in
        // As an unsigned number: below 0 is as many as may be.
        let most = 4096
        try socket.listen(backlog: backlog < 0 ? most : min(most, Int(backlog)))
        return 0
    } kernel: {
        listen(descriptor, backlog)
    }
}

@c @implementation
public func sockeye_accept(
    _ descriptor: CInt, _ address: UnsafeMutablePointer<sockaddr>!,
    _ length: UnsafeMutablePointer<socklen_t>!
) -> CInt {
    unsafe sockeye_accept4(descriptor, address, length, 0)
}

@c @implementation
public func sockeye_accept4(
    _ descriptor: CInt, _ address: UnsafeMutablePointer<sockaddr>!,
    _ length: UnsafeMutablePointer<socklen_t>!, _ flags: CInt
) -> CInt {
    onSocket(descriptor) { (socket) throws(SocketError) in
        let flags = try CreationFlags(flags, in: "accept")
        let accepted = try socket.accept()
        if unsafe address != nil {
            // Who has gone already has no name any more, but is accepted.
            let peer = try? accepted.acceptedName
            unsafe try write(peer, accepted.family, to: address, length, in: "accept")
        }
        return try flags.open(accepted)
    } kernel: {
        unsafe csockeye_kernel_accept4(descriptor, address, length, flags)
    }
}

@c @implementation
public func sockeye_connect(
    _ descriptor: CInt, _ address: UnsafePointer<sockaddr>!, _ length: socklen_t
) -> CInt {
    onSocket(descriptor) { (socket) throws(SocketError) in
        do throws(SocketError) {
            let peer = try unsafe name(address, length, of: socket, for: .connect)
            try socket.connect(to: peer)
        } catch {
            // Who is connected is told so, whatever the name.
            guard error.code == EINVAL || error.code == EAFNOSUPPORT, socket.kind == .stream,
                length >= 2,
                (try? socket.remoteName) != nil
            else { throw error }
            throw SocketError(EISCONN, in: "connect")
        }
        return 0
    } kernel: {
        unsafe connect(descriptor, address, length)
    }
}

@c @implementation
public func sockeye_getsockname(
    _ descriptor: CInt, _ address: UnsafeMutablePointer<sockaddr>!,
    _ length: UnsafeMutablePointer<socklen_t>!
) -> CInt {
    onSocket(descriptor) { (socket) throws(SocketError) in
        let own = try socket.localName
        unsafe try write(own, socket.family, to: address, length, in: "getsockname")
        return 0
    } kernel: {
        unsafe getsockname(descriptor, address, length)
    }
}

@c @implementation
public func sockeye_getpeername(
    _ descriptor: CInt, _ address: UnsafeMutablePointer<sockaddr>!,
    _ length: UnsafeMutablePointer<socklen_t>!
) -> CInt {
    onSocket(descriptor) { (socket) throws(SocketError) in
        let peer = try socket.remoteName
        unsafe try write(peer, socket.family, to: address, length, in: "getpeername")
        return 0
    } kernel: {
        unsafe getpeername(descriptor, address, length)
    }
}

@c @implementation
public func sockeye_shutdown(_ descriptor: CInt, _ how: CInt) -> CInt {
    onSocket(descriptor) { (socket) throws(SocketError) in
        switch how {
        case CInt(SHUT_RD): try socket.shutdown(.receiving)
        case CInt(SHUT_WR): try socket.shutdown(.sending)
        case CInt(SHUT_RDWR): try socket.shutdown(.both)
        default: throw SocketError(EINVAL, in: "shutdown")
        }
        return 0
    } kernel: {
        shutdown(descriptor, how)
    }
}

@c @implementation
public func sockeye_sockatmark(_ descriptor: CInt) -> CInt {
    onSocket(descriptor) { (socket) throws(SocketError) in
        try socket.isAtMark ? 1 : 0
    } kernel: {
        sockatmark(descriptor)
    }
}
