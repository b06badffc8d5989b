import Sockets

extension SocketError {
    /// An error of the launcher's own work, or one that the program's call is to fail with.
    init(_ code: CInt) { self.init(code, in: "sockeye run") }
}
