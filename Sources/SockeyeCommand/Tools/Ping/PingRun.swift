import Devices
import Glibc
import Setup
import Sockets
import Stack
import Wire

/// A run of ping: requests at their times, answers and errors as they come.
struct PingRun {
    private let ping: Ping
    private let target: Target
    private let terminal: any ToolTerminal
    private let socket: Socket
    private let wait: ToolWait
    private var tally = PingTally()
    private var buffer = [UInt8](repeating: 0, count: 65_536)
    private let request: [UInt8]

    init(
        _ ping: Ping, _ target: Target, on host: HostDriver, _ terminal: any ToolTerminal
    ) throws(CommandError) {
        self.ping = ping
        self.target = target
        self.terminal = terminal
        socket = try Self.open(ping, target, host)
        wait = try ToolWait([socket], terminal)
        request = Self.request(ping.size, target.family)
    }

    private static func open(
        _ ping: Ping, _ target: Target, _ host: HostDriver
    ) throws(CommandError) -> Socket {
        let socket = Socket(.icmp, family: target.family, on: host)
        let remote = try target.socketAddress(on: host)
        if let origin = ping.origin { try ToolSocket.choose(origin, for: socket, "ping") }
        try ToolSocket.attempt("ping") { () throws(SocketError) in
            let isIPv4 = target.family == .inet
            try socket.setOption(.receivesErrors(of: target.family), true)
            try socket.setOption(isIPv4 ? .mtuDiscovery : .v6MTUDiscovery, ping.mtuDiscovery)
            if let hops = ping.timeToLive.map(Int.init) {
                try socket.setOption(isIPv4 ? .timeToLive : .unicastHops, hops)
                try socket.setOption(isIPv4 ? .multicastTimeToLive : .multicastHops, hops)
            }
            try socket.connect(to: remote)
        }
        return socket
    }

    /// An echo request without its sequence number: a header, then bytes that count (RFC 792,
    /// RFC 4443 §4.1). The host fills in the rest.
    private static func request(_ size: Int, _ family: AddressFamily) -> [UInt8] {
        let type =
            family == .inet ? ICMPType.echoRequest.rawValue : ICMPv6Type.echoRequest.rawValue
        let header = [type] + [UInt8](repeating: 0, count: ICMPHeader.byteCount - 1)
        return header + (0..<size).map { UInt8(truncatingIfNeeded: $0) }
    }

    // MARK: - The run

    /// Pings until all is answered, nothing is to be expected any more, or somebody interrupts it.
    mutating func run() throws(CommandError) -> Int32 {
        terminal.print(heading)
        let began = MonotonicClock.now()
        let end = ping.deadline.map { began + $0 } ?? .never
        var next = began
        while !isDone {
            let now = MonotonicClock.now()
            guard now < end else { break }
            let maySend = ping.count.map { tally.sent < $0 } ?? true
            if maySend, now >= next {
                send(at: now)
                // Times that were missed are not made up for.
                next = max(next + ping.interval, now)
                continue
            }
            let limit = maySend ? next : tally.lastSent + tally.patience(ping)
            guard maySend || now < limit else { break }
            let goesOn = wait.wait(until: min(limit, end))
            take()
            guard goesOn else { break }
        }
        for line in tally.summary(of: target.text) { terminal.print(line) }
        // Fewer answers than asked for within the deadline are a failure too.
        let isShort = ping.deadline != nil && ping.count.map { tally.received < $0 } ?? false
        return tally.received > 0 && !isShort ? 0 : 1
    }

    private var isDone: Bool {
        guard let count = ping.count else { return false }
        return tally.sent >= count && tally.settled >= count
    }

    private var heading: String {
        if target.address.isIPv4 {
            let whole = ping.size + ICMPHeader.byteCount + IPv4Header.byteCount
            return "PING \(target.text) (\(target.text)) \(ping.size)(\(whole)) bytes of data."
        }
        return "PING \(target.text)(\(target.text)) \(ping.size) data bytes"
    }

    private mutating func send(at now: Instant) {
        let number = tally.send(at: now)
        var message = request
        message[6] = UInt8(number >> 8)
        message[7] = UInt8(number & 0xFF)
        // An attempt may tell of an error that an earlier request met, instead of sending.
        for attempt in 1...ToolSocket.attempts {
            do throws(SocketError) {
                try socket.send(message.span, to: nil)
                return
            } catch {
                take()
                if attempt < ToolSocket.attempts { continue }
                tally.fail(number)
                if !ping.isQuiet { terminal.complain(localError(error)) }
                return
            }
        }
    }

    private func localError(_ error: SocketError) -> String {
        guard error.code == EMSGSIZE else { return "ping: \(error)" }
        return "ping: local error: message too long, mtu=\(pathMTU)"
    }

    /// The largest packet of the interface that the target is reached by.
    private var pathMTU: Int {
        guard let local = try? socket.localAddress.address, let host = socket.network.host else {
            return 0
        }
        return host.withHost { host in
            for entry in host.interfaces
            where host.addresses(of: entry.interface).contains(where: {
                $0.prefix.address == local
            }) {
                return entry.mtu
            }
            return 65_535
        }
    }

    // MARK: - Answers

    /// Takes what has come.
    private mutating func take() {
        while let answer = ToolSocket.receive(socket, into: &buffer) {
            take(answer, at: MonotonicClock.now())
        }
        for error in ToolSocket.errors(of: socket) { take(error) }
    }

    private mutating func take(_ answer: Socket.Datagram, at now: Instant) {
        guard answer.count >= ICMPHeader.byteCount else { return }
        let number = UInt16(buffer[6]) << 8 | UInt16(buffer[7])
        guard let fate = tally.receive(number, at: now) else { return }
        guard !ping.isQuiet else { return }
        let mark = fate.isDuplicate ? " (DUP!)" : ""
        terminal.print(
            "\(answer.fullCount) bytes from \(name(answer.source)): icmp_seq=\(number) "
                + "ttl=\(answer.timeToLive) time=\(PingText.time(fate.roundTrip)) ms\(mark)")
    }

    private mutating func take(_ error: ReportedError) {
        let number = UInt16(truncatingIfNeeded: error.sequence)
        guard tally.fail(number), !ping.isQuiet else { return }
        let from = error.reporter ?? (try? socket.localAddress.address) ?? target.address
        terminal.print("From \(from) icmp_seq=\(number) \(PingText.words(error, target.family))")
    }

    private func name(_ source: SocketAddress) -> String {
        source.address == target.address ? target.text : "\(source.address)"
    }
}
