import Devices
import Sockets

/// A pool that was made before the first client came: each of its threads accepts on the one
/// listener, and serves who it gets to the end.
func serveByPool(_ service: Service, on listener: Socket, threads: Int = 16) throws {
    for _ in 1..<threads {
        try SystemThread.start { try? serveInTurn(service, listener) }
    }
    try serveInTurn(service, listener)
}

/// What each thread of the pool does.
private func serveInTurn(_ service: Service, _ listener: Socket) throws(SocketError) {
    while true {
        let client = try listener.accept()
        // A client that goes away is no concern of the others.
        try? converse(service, with: client)
        client.close()
    }
}
