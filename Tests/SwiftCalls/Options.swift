import Glibc
import Sockets
import Stack

/// Options, and what else can be asked of a socket.
extension Interpreter {
    func options(_ words: [String]) throws -> String {
        let socket = try socket(words[1])
        switch words[0] {
        case "set": return try set(socket, words)
        case "get": return try get(socket, words)
        case "ioctl": return try control(socket, words)
        default:
            // Whether calls wait is a property here.
            guard words[2] == "setfl", ["nonblock", "-"].contains(words[3]) else {
                throw Unspeakable("fcntl")
            }
            socket.isNonblocking = words[3] == "nonblock"
            return " 0"
        }
    }

    private func set(_ socket: Socket, _ words: [String]) throws -> String {
        guard words.count == 4 else { throw Unspeakable(words[4]) }
        let (level, name) = try tables.option(words[2])
        let bytes = try Words.value(words[3])
        // How long calls wait is a property here.
        if words[2] == "SO_RCVTIMEO" || words[2] == "SO_SNDTIMEO" {
            let fields = words[3].dropFirst("timeval:".count).split(separator: ",")
            guard words[3].hasPrefix("timeval:"), let seconds = Int64(fields[0]),
                let microseconds = Int64(fields[1]), (0..<1000).contains(seconds),
                (0..<1_000_000).contains(microseconds)
            else { throw Unspeakable(words[3]) }
            let limit = Duration.seconds(seconds) + .microseconds(microseconds)
            let chosen = limit == .zero ? nil : limit
            if words[2] == "SO_RCVTIMEO" {
                socket.receiveTimeout = chosen
            } else {
                socket.sendTimeout = chosen
            }
            return " 0"
        }
        try socket.setOption(level: level, name: name, bytes.span)
        return " 0"
    }

    private func get(_ socket: Socket, _ words: [String]) throws -> String {
        let (level, name) = try tables.option(words[2])
        var form: String?
        var capacity = 4
        for word in words.dropFirst(3) {
            if word.hasPrefix("as=") {
                form = String(word.dropFirst(3))
                capacity = 256
            } else {
                throw Unspeakable(word)
            }
        }
        guard !["SO_RCVTIMEO", "SO_SNDTIMEO"].contains(words[2]), form != "tcpinfo",
            form != "address"
        else { throw Unspeakable(words[2]) }
        let bytes = try socket.option(level: level, name: name, capacity: capacity)
        if form == "error" {
            let number = (0..<4).reduce(Int32(0)) { $0 | Int32(bytes[$1]) << Int32(8 * $1) }
            return number == 0 ? " none" : " " + tables.errorName(number)
        }
        let shown = bytes.isEmpty ? "" : describe(form ?? "int", bytes)
        return shown + (bytes.count == 4 || form == "some" ? "" : " (\(bytes.count))")
    }

    private func control(_ socket: Socket, _ words: [String]) throws -> String {
        let request = try tables.number("request", words[2])
        let known = ["FIONREAD", "SIOCINQ", "SIOCOUTQ", "SIOCOUTQNSD", "SIOCATMARK"]
        guard known.contains(words[2]), words.count == 3 else { throw Unspeakable(words[2]) }
        let bytes = try socket.control(UInt(request), [0, 0, 0, 0])
        let number = (0..<4).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
        return " 0 \(number)"
    }
}
