import Sockets

/// A task for each client: it reads as the thread's does, and costs a suspended function instead of
/// a thread. All end when the listener is closed.
func serveByTasks(_ service: Service, on listener: Socket) async throws {
    try await withThrowingDiscardingTaskGroup { group in
        while true {
            let client = try await listener.accept()
            group.addTask {
                // A client that goes away is no concern of the others.
                try? await converse(service, with: client)
                client.close()
            }
        }
    }
}

/// One conversation, in calls that suspend.
private func converse(_ service: Service, with client: Socket) async throws(SocketError) {
    var conversation = service.conversation()
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !conversation.isOver {
        let count = try await client.receive(into: &buffer)
        try await client.send(conversation.hear(buffer[..<count]))
    }
    try client.shutdown(.sending)
}
