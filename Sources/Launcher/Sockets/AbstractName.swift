import CLinux
import Glibc
import Sockets

/// A name of an AF_UNIX socket that is in no directory (unix(7)).
struct AbstractName {
    private var address = sockaddr_un()
    private var length = socklen_t(MemoryLayout<sockaddr_un>.size)

    /// A name of our choice. It is unused if the text is.
    init(_ text: String) {
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = [0] + Array(text.utf8.prefix(100))
        // The structure's path has room for 108 bytes.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
            unsafe path.copyBytes(from: bytes)
        }
        length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    }

    /// The name of a socket, or where `ofPeer` that of its peer.
    init(of socket: CInt, ofPeer: Bool = false) throws(SocketError) {
        let result = unsafe withUnsafeMutableBytes(of: &address) { bytes in
            // The structure is as long as `length` says.
            let place = unsafe bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            return unsafe ofPeer
                ? getpeername(socket, place, &length) : getsockname(socket, place, &length)
        }
        guard result == 0 else { throw SocketError(errno) }
    }

    /// Gives a socket an unused name of the kernel's choice (unix(7), autobind).
    static func bind(_ socket: CInt) throws(SocketError) -> AbstractName {
        var family = sockaddr()
        family.sa_family = sa_family_t(AF_UNIX)
        // A name of the family alone asks for it.
        let result = unsafe Glibc.bind(
            socket, &family, socklen_t(MemoryLayout<sa_family_t>.size))
        guard result == 0 else { throw SocketError(errno) }
        return try AbstractName(of: socket)
    }

    /// Gives a socket this name.
    func bind(_ socket: CInt) throws(SocketError) {
        try unsafe check { unsafe Glibc.bind(socket, $0, length) }
    }

    /// Connects a socket to whoever has this name.
    func connect(_ socket: CInt) throws(SocketError) {
        try unsafe check { unsafe Glibc.connect(socket, $0, length) }
    }

    private func check(_ body: (UnsafePointer<sockaddr>?) -> CInt) throws(SocketError) {
        let result = unsafe withUnsafeBytes(of: address) { bytes in
            // The name is `length` bytes of this structure.
            unsafe body(bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self))
        }
        guard result == 0 else { throw SocketError(errno) }
    }

    /// What stands behind the zero; empty for names of other kinds.
    var text: String {
        let count = Int(length) - MemoryLayout<sa_family_t>.size
        guard count > 1 else { return "" }
        return unsafe withUnsafeBytes(of: address.sun_path) { path in
            unsafe String(decoding: path.prefix(count).dropFirst(), as: UTF8.self)
        }
    }
}
