import Devices
import Sockets

/// The textbook's concurrent server: one thread accepts, and each client has a thread of its own,
/// whose calls block.
func serveByThreads(_ service: Service, on listener: Socket) throws {
    while true {
        let client = try listener.accept()
        try SystemThread.start {
            // A client that goes away is no concern of the others.
            try? converse(service, with: client)
            client.close()
        }
    }
}

/// One conversation, from its first byte to its last, in calls that block.
func converse(_ service: Service, with client: Socket) throws(SocketError) {
    var conversation = service.conversation()
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !conversation.isOver {
        var span = buffer.mutableSpan
        let count = try client.receive(into: &span)
        try client.sendAll(conversation.hear(buffer[..<count]).span)
    }
    try client.shutdown(.sending)
}
