import Glibc
import Sockets
import Stack
import Wire

/// Runs the calls of one script over `Socket`.
final class Interpreter {
    let network: Network
    let tables: Tables
    let scriptNumber: Int
    private(set) var output: Output
    private var sockets: [String: Socket] = [:]
    private var threads: [String: CallThread] = [:]

    init(_ network: Network, _ tables: Tables, scriptNumber: Int) {
        self.network = network
        self.tables = tables
        self.scriptNumber = scriptNumber
        output = Output(tables, scriptNumber)
    }

    /// What a line gives back: a value, or the name of its error.
    func run(_ line: String) throws -> String {
        try run(Words.of(line))
    }

    private func run(_ words: [String]) throws -> String {
        do {
            if words.count > 2, words[1] == "=" {
                return try make(words[0], Array(words.dropFirst(2)))
            }
            return try call(words)
        } catch let error as SocketError {
            return " " + tables.errorName(error.code)
        }
    }

    func socket(_ name: String) throws -> Socket {
        guard let socket = sockets[name] else { throw Unspeakable(name) }
        return socket
    }

    /// Keeps a socket under a name.
    func keep(_ socket: Socket, as name: String) { sockets[name] = socket }

    func describe(_ name: SocketName?, _ socket: Socket) -> String {
        output.name(name, socket.family)
    }

    func describe(_ form: String, _ bytes: [UInt8]) -> String { output.value(form, bytes) }

    func closeEverything() {
        for socket in sockets.values { socket.close() }
    }

    // MARK: - Sockets

    private func make(_ name: String, _ words: [String]) throws -> String {
        switch words[0] {
        case "socket":
            let (kind, family, isNonblocking) = try kind(words)
            let made = try Socket(kind, family: family, on: network)
            made.isNonblocking = isNonblocking
            sockets[name] = made
            return " ok"
        case "accept", "accept4":
            guard words.count == 2 || words[0] == "accept4" && words[2] == "nonblock" else {
                throw Unspeakable("accept")
            }
            let accepted = try socket(words[1]).accept()
            accepted.isNonblocking = words.count > 2
            sockets[name] = accepted
            return " ok" + output.name(try? accepted.remoteName, accepted.family)
        case "socketpair":
            guard let host = network.host, words.count == 3, words[1] == "unix" else {
                throw Unspeakable("socketpair")
            }
            let (kind, _, isNonblocking) = try kind(words)
            guard case .local(let type) = kind else { throw Unspeakable("socketpair") }
            let names = name.split(separator: ",").map(String.init)
            let (one, other) = Socket.pair(type, on: host)
            (one.isNonblocking, other.isNonblocking) = (isNonblocking, isNonblocking)
            (sockets[names[0]], sockets[names[1]]) = (one, other)
            return " 0"
        default: throw Unspeakable(words[0])
        }
    }

    private func kind(_ words: [String]) throws -> (Socket.Kind, AddressFamily, Bool) {
        let flags = words[2].split(separator: ",")
        guard flags.dropFirst().allSatisfy({ $0 == "nonblock" }), words.count == 3 else {
            throw Unspeakable(words[2])
        }
        let isNonblocking = flags.count > 1
        let family: AddressFamily = words[1] == "inet6" ? .inet6 : .inet
        switch (words[1], flags[0]) {
        case ("inet", "stream"), ("inet6", "stream"): return (.stream, family, isNonblocking)
        case ("inet", "dgram"), ("inet6", "dgram"): return (.datagram, family, isNonblocking)
        case ("unix", "stream"): return (.local(.stream), family, isNonblocking)
        case ("unix", "dgram"): return (.local(.datagram), family, isNonblocking)
        case ("unix", "seqpacket"): return (.local(.sequencedPacket), family, isNonblocking)
        default: throw Unspeakable(words[1])
        }
    }

    func name(_ word: String) throws -> SocketName {
        if word == "unspec" { return .unspecified }
        if word == "unnamed" { return .local(nil) }
        if word.hasPrefix("path:") {
            return .local(LocalName(output.prefix + word.dropFirst(5)))
        }
        if word.hasPrefix("abstract:") {
            return .local(LocalName(abstract: output.prefix + word.dropFirst(9)))
        }
        guard let address = AddressWord(word) else { throw Unspeakable(word) }
        let text = address.port
        let port: UInt16
        if let letter = text.utf8.first, text.utf8.count == 1, (65...90).contains(letter) {
            port = UInt16(output.firstPort + Int(letter) - 65)
        } else if text.hasPrefix("&") {
            port = try socket(String(text.dropFirst())).localAddress.port
        } else {
            guard let number = UInt16(text) else { throw Unspeakable(word) }
            port = number
        }
        return .internet(
            SocketAddress(address: address.address, port: port, zone: address.zone))
    }

    // MARK: - Calls

    private func call(_ words: [String]) throws -> String {
        switch words[0] {
        case "bind", "connect", "listen", "shutdown", "close", "getsockname", "getpeername":
            return try callOnNames(words)
        case "send", "sendto", "write", "sendmsg": return try send(words)
        case "recv", "recvfrom", "read", "recvmsg", "readall", "drain", "fill":
            return try receive(words)
        case "set", "get", "ioctl", "fcntl": return try options(words)
        case "poll", "await": return try poll(words)
        case "sleep":
            usleep((UInt32(words[1]) ?? 0) * 1000)
            return ""
        case "in": return try timed(words)
        case "thread":
            let rest = Array(words.dropFirst(2))
            threads[words[1]] = CallThread { [self] in (try? run(rest)) ?? "?" }
            usleep(15000)
            return ""
        case "join": return threads[words[1]]?.result() ?? "?"
        default: throw Unspeakable(words[0])
        }
    }

    private func callOnNames(_ words: [String]) throws -> String {
        if words[0] == "close" {
            return try words.dropFirst().map { name in
                try self.socket(name).close()
                return " 0"
            }.joined()
        }
        guard words.count <= 3 else { throw Unspeakable(words[3]) }
        let socket = try self.socket(words[1])
        switch words[0] {
        case "bind": try socket.bind(to: try name(words[2]))
        case "connect": try socket.connect(to: try name(words[2]))
        case "listen":
            guard let backlog = Int(words[2]), backlog >= 0 else { throw Unspeakable(words[2]) }
            try socket.listen(backlog: backlog)
        case "shutdown":
            let directions = [
                "rd": Socket.Direction.receiving, "wr": .sending, "rdwr": .both,
            ]
            guard let direction = directions[words[2]] else { throw Unspeakable(words[2]) }
            try socket.shutdown(direction)
        default:
            guard words.count == 2 else { throw Unspeakable(words[2]) }
            let isOwn = words[0] == "getsockname"
            return output.name(
                try isOwn ? socket.localName : socket.remoteName, socket.family)
        }
        return " 0"
    }

    private func timed(_ words: [String]) throws -> String {
        let limits = words[1].split(separator: ",").compactMap { Int64($0) }
        let start = ContinuousClock.now
        let result = try run(Array(words.dropFirst(2)))
        let took = ContinuousClock.now - start
        let isEarly = took < .milliseconds(limits[0])
        return result
            + (isEarly ? " early" : took > .milliseconds(limits[1]) ? " late" : " in time")
    }

    private func poll(_ words: [String]) throws -> String {
        guard !words.contains(where: { $0.hasPrefix("timeout=") || $0.hasPrefix("#") }) else {
            throw Unspeakable("poll")
        }
        if words[0] == "await" {
            let asked = Int32(try tables.flags("event", words[2]))
            let socket = try self.socket(words[1])
            for _ in 0..<500 where try PollEvents.of(socket) & (asked | 0x18) == 0 { usleep(1000) }
            usleep(1000)
            return tables.describe("event", Int(try PollEvents.of(socket) & PollEvents.usual))
        }
        let found = try words.dropFirst().map { word in
            let parts = word.split(separator: ":").map(String.init)
            let asked = parts.count > 1 ? try tables.flags("event", parts[1]) : 0x2007
            return Int(try PollEvents.of(try socket(parts[0]))) & (asked | 0x18)
        }
        let texts = found.map { (found.count > 1 ? " /" : "") + tables.describe("event", $0) }
        return " \(found.count { $0 != 0 })" + texts.joined()
    }
}

/// Readiness in the bits of poll(2).
enum PollEvents {
    /// POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLRDHUP.
    static var usual: Int32 { 0x201F }

    static func of(_ socket: Socket) throws -> Int32 {
        let ready = try socket.readiness
        let bits: [(Readiness, Int32)] = [
            (.readable, 0x41), (.priority, 0x02), (.writable, 0x104), (.error, 0x08),
            (.hangup, 0x10), (.readHangup, 0x2000),
        ]
        return bits.reduce(0) { ready.contains($1.0) ? $0 | $1.1 : $0 }
    }
}
