import Sockets
import Stack

/// One thread for all: it waits for whichever socket is ready, does what can be done without
/// waiting, and goes on to the next.
struct EventLoop {
    private struct Client {
        let socket: Socket
        var conversation: any Conversation
        /// What the client had no room for yet.
        var rest: ArraySlice<UInt8> = []
        /// Nothing more will be said; the peer's end is waited for, lest what it sends resets us.
        var hasEnded = false
    }

    private static var listenerToken: UInt64 { 0 }

    private let service: Service
    private let listener: Socket
    private let set: ReadySet
    private var clients: [UInt64: Client] = [:]
    private var lastToken = listenerToken
    private var buffer = [UInt8](repeating: 0, count: 4096)

    init(_ service: Service, on listener: Socket) throws {
        self.service = service
        self.listener = listener
        set = try ReadySet()
        listener.isNonblocking = true
        try set.add(.socket(listener), for: .readable, token: Self.listenerToken)
    }

    /// Serves until the listener is closed.
    mutating func run() throws {
        while set.count > 0 {
            for event in try set.wait(atMost: 64, for: .milliseconds(200)) {
                if event.token == Self.listenerToken {
                    try acceptAll()
                } else {
                    serve(event.token)
                }
            }
        }
    }

    private mutating func acceptAll() throws {
        while let socket = try? listener.acceptNow() {
            lastToken += 1
            socket.isNonblocking = true
            try set.add(.socket(socket), for: .readable, token: lastToken)
            clients[lastToken] = Client(socket: socket, conversation: service.conversation())
        }
    }

    private mutating func serve(_ token: UInt64) {
        do throws(SocketError) {
            guard try advance(token) else { return }
        } catch {
            if error.isWouldBlock { return }
        }
        // Over, or gone. Closing takes the socket out of the set.
        clients.removeValue(forKey: token)?.socket.close()
    }

    /// Does for a client what can be done now; whether all is done.
    private mutating func advance(_ token: UInt64) throws(SocketError) -> Bool {
        guard var client = clients[token] else { return false }
        defer { if clients[token] != nil { clients[token] = client } }
        while true {
            try flush(&client, token)
            if client.conversation.isOver, !client.hasEnded {
                try client.socket.shutdown(.sending)
                client.hasEnded = true
            }
            var span = buffer.mutableSpan
            let count = try client.socket.receiveNow(into: &span)
            if client.hasEnded {
                if count == 0 { return true }
            } else {
                client.rest = client.conversation.hear(buffer[..<count])[...]
            }
        }
    }

    /// Sends what is left to be said, and asks to hear when there is room for more of it.
    private func flush(_ client: inout Client, _ token: UInt64) throws(SocketError) {
        guard !client.rest.isEmpty else { return }
        do throws(SocketError) {
            while !client.rest.isEmpty {
                let count = try client.socket.sendNow(Array(client.rest).span)
                client.rest.removeFirst(count)
            }
            try set.modify(.socket(client.socket), for: .readable, token: token)
        } catch {
            if error.isWouldBlock {
                try set.modify(.socket(client.socket), for: .writable, token: token)
            }
            throw error
        }
    }
}
