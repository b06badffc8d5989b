// Servers in the styles of the textbooks, each in a file of its own:
//
//     swift run Servers threads echo 7777      one thread a client
//     swift run Servers pool files 7777        threads that were there before
//     swift run Servers events web 7777        one thread, all clients
//     swift run Servers tasks echo 7777        one task a client
//     swift run Servers datagrams echo 7777    one loop, datagrams
//
// A process for each client is Examples/ForkServer. All of it runs on the kernel's sockets here, and
// on a Sockeye host without a change: `serve` is told on which network.

import Glibc
import Sockets
import Stack
import Wire

/// How many are served at once.
enum Style: String, CaseIterable, Sendable {
    case threads, pool, events, tasks
}

@main enum Servers {
    static func main() async throws {
        let words = CommandLine.arguments.dropFirst()
        guard words.count == 3, let service = Service(rawValue: words[words.startIndex + 1]),
            let port = UInt16(words[words.startIndex + 2])
        else {
            print("usage: Servers threads|pool|events|tasks|datagrams echo|files|web PORT")
            exit(2)
        }
        let address = SocketAddress(address: .v4(127, 0, 0, 1), port: port)
        if words[words.startIndex] == "datagrams" {
            let socket = try Socket(.datagram, on: .kernel)
            try socket.bind(to: address)
            try serveDatagrams(on: socket)
        } else if let style = Style(rawValue: words[words.startIndex]) {
            let listener = try Socket(.stream, on: .kernel)
            try listener.bind(to: address)
            try listener.listen()
            try await serve(service, style, on: listener)
        }
    }
}

/// Serves until the listener is closed; of the styles, only one wants no thread of its own.
func serve(_ service: Service, _ style: Style, on listener: Socket) async throws {
    if style == .tasks {
        try await serveByTasks(service, on: listener)
    } else {
        try serveBlocking(service, style, on: listener)
    }
}

/// Serves on the calling thread until the listener is closed.
func serveBlocking(_ service: Service, _ style: Style, on listener: Socket) throws {
    switch style {
    case .threads: try serveByThreads(service, on: listener)
    case .pool: try serveByPool(service, on: listener)
    case .events:
        var loop = try EventLoop(service, on: listener)
        try loop.run()
    case .tasks: preconditionFailure("tasks do not block")
    }
}
