import Glibc

/// What keeps a connected AF_UNIX socket from polling writable while its flow's handshake runs.
struct Stuffing {
    /// Bytes in the program's socket that are not the program's.
    private var count = 0
    /// The value of SO_SNDBUF to be put back.
    private var sendBuffer: CInt = 0

    /// Fills the send buffer of the program's socket, made small first to make that cheap.
    mutating func fill(_ program: CInt, with buffer: TransferBuffer) {
        // The kernel doubles what is set and reports the double.
        sendBuffer = SocketFile.option(program, SO_SNDBUF) / 2
        SocketFile.setOption(program, SO_SNDBUF, 1)
        while true {
            buffer.fill(4_096)
            guard case .bytes(let sent) = SocketFile.send(program, from: buffer) else { return }
            count += sent
        }
    }

    /// Gives the program's socket its size back: before the drain, whose wake-ups look at it.
    func restoreSendBuffer(_ program: CInt) {
        SocketFile.setOption(program, SO_SNDBUF, sendBuffer)
    }

    /// Takes the filling out at our end: the program's socket polls writable now.
    mutating func drain(_ end: CInt, into buffer: TransferBuffer) {
        while count > 0 {
            guard case .bytes(let taken) = SocketFile.receive(end, into: buffer, limit: count),
                taken > 0
            else { return }
            count -= taken
        }
    }
}
