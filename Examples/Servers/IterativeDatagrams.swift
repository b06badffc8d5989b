import Sockets

/// The textbook's iterative server: one loop, one socket, each datagram answered before the next is
/// taken. It knows no clients, only who asked last.
func serveDatagrams(on socket: Socket) throws {
    var buffer = [UInt8](repeating: 0, count: 65_535)
    while true {
        var span = buffer.mutableSpan
        let request = try socket.receiveMessage(into: &span)
        // A datagram that finds no room is lost, as on any link.
        _ = try? socket.sendMessage(
            buffer.span.extracting(first: request.count), to: request.source)
    }
}
