import CSockeye
import Glibc
import Sockets

/// Runs a call on the socket `descriptor` and gives its result to C: what `body` returns, or -1 with
/// errno; a descriptor that is not of this library goes to the kernel's call instead.
///
/// errno stays as it was where nothing failed, whatever was called on the way.
func onSocket<Number: FixedWidthInteger>(
    _ descriptor: CInt, _ body: (Socket) throws(SocketError) -> Number, kernel: () -> Number
) -> Number {
    let before = errno
    guard let description = Descriptors.description(of: descriptor) else {
        errno = before
        return kernel()
    }
    return finish(before) { () throws(SocketError) in try body(description.requireSocket()) }
}

/// As `onSocket`, for the calls of all files: of a set, which cannot be read or written, `EINVAL`.
func onFile<Number: FixedWidthInteger>(
    _ descriptor: CInt, _ body: (Socket) throws(SocketError) -> Number, kernel: () -> Number
) -> Number {
    let before = errno
    guard let description = Descriptors.description(of: descriptor) else {
        errno = before
        return kernel()
    }
    return finish(before) { () throws(SocketError) in
        guard case .socket(let socket) = description.kind else {
            throw SocketError(EINVAL, in: "read")
        }
        return try body(socket)
    }
}

/// Runs a call that concerns no one socket and gives its result to C.
func outcome<Number: FixedWidthInteger>(
    _ body: () throws(SocketError) -> Number
) -> Number {
    finish(errno, body)
}

private func finish<Number: FixedWidthInteger>(
    _ before: CInt, _ body: () throws(SocketError) -> Number
) -> Number {
    let (result, code) = attempt(body)
    errno = code ?? before
    return result
}

/// Everything that `body` held has been let go of when this returns: that may call the system.
private func attempt<Number: FixedWidthInteger>(
    _ body: () throws(SocketError) -> Number
) -> (Number, CInt?) {
    do throws(SocketError) { return (try body(), nil) } catch { return (0 &- 1, error.code) }
}
