import Glibc
import Sockets
import Stack
import Testing
import Wire

/// Every option of four bytes: default, set, get, bad size, bad value, wrong kind, as Linux 6.18
/// answers (asked on a kernel's sockets of the same kinds).
@Suite("The table of options", .timeLimit(.minutes(1)))
struct OptionTableTests {
    private func code(_ body: () throws(SocketError) -> Void) -> CInt {
        do throws(SocketError) {
            try body()
            return 0
        } catch {
            return error.code
        }
    }

    @Test(
        "is what it is at first, reads as what was set, refuses the rest", arguments: OptionRow.all)
    func values(_ row: OptionRow) throws {
        let net = try Wired()
        defer { net.end() }
        for kind in row.sockets {
            let socket = kind.open(on: net.left)
            let at = Comment(rawValue: "\(row.label) on \(kind)")
            let before = try socket.option(level: row.level, name: row.name, capacity: 256)
            #expect(before.count == 4, at)
            #expect(number(before) == row.initial, at)
            for (value, reads) in row.values {
                try socket.setOption(level: row.level, name: row.name, bytes(of: value).span)
                let after = try socket.option(level: row.level, name: row.name, capacity: 256)
                #expect(number(after) == reads, "\(row.label) \(value) on \(kind)")
            }
            let kept = try socket.option(level: row.level, name: row.name, capacity: 4)
            for (value, expected) in row.refused {
                let seen = code { () throws(SocketError) in
                    try socket.setOption(level: row.level, name: row.name, bytes(of: value).span)
                }
                #expect(seen == expected, "\(row.label) \(value) on \(kind)")
            }
            let last = try socket.option(level: row.level, name: row.name, capacity: 4)
            #expect(last == kept, at)
        }
    }

    @Test("is cut to the room there is, and needs its size", arguments: OptionRow.all)
    func sizes(_ row: OptionRow) throws {
        let net = try Wired()
        defer { net.end() }
        for kind in row.sockets {
            let socket = kind.open(on: net.left)
            let whole = try socket.option(level: row.level, name: row.name, capacity: 256)
            for capacity in 0...4 {
                let cut = try socket.option(
                    level: row.level, name: row.name, capacity: capacity)
                // Options of IPv4 are one byte where four do not fit.
                let isByte = row.level == 0 && (1..<4).contains(capacity)
                #expect(
                    cut == Array(whole.prefix(isByte ? 1 : capacity)),
                    "\(row.label) on \(kind), room for \(capacity)")
            }
            for count in 0..<4 {
                let seen = code { () throws(SocketError) in
                    let value = bytes(of: 1).prefix(count)
                    try socket.setOption(
                        level: row.level, name: row.name, Array(value).span)
                }
                #expect(
                    seen == (count < row.shortest ? EINVAL : 0),
                    "\(row.label) on \(kind), \(count) bytes")
            }
        }
    }

    @Test("other kinds of sockets do not have it", arguments: OptionRow.all)
    func wrongKind(_ row: OptionRow) throws {
        guard row.level == 6 || row.level == 17 || row.level == 41 else { return }
        let net = try Wired()
        defer { net.end() }
        let others = TriedSocket.allCases.filter { kind in
            switch row.level {
            case 6: !TriedSocket.streams.contains(kind)
            case 17: !TriedSocket.datagrams.contains(kind)
            default: !TriedSocket.v6.contains(kind)
            }
        }
        for kind in others {
            let socket = kind.open(on: net.left)
            let isInet = [.tcp4, .udp4, .raw4].contains(kind)
            let setting = code { () throws(SocketError) in
                try socket.setOption(level: row.level, name: row.name, bytes(of: 1).span)
            }
            #expect(setting == ENOPROTOOPT, "\(row.label) on \(kind)")
            let reading = code { () throws(SocketError) in
                _ = try socket.option(level: row.level, name: row.name, capacity: 4)
            }
            #expect(reading == (isInet ? EOPNOTSUPP : ENOPROTOOPT), "\(row.label) on \(kind)")
        }
    }

    @Test("what only tells refuses to be set", arguments: [3, 4, 17, 19, 30, 38, 39] as [Int32])
    func readOnly(_ name: Int32) throws {
        let net = try Wired()
        defer { net.end() }
        for kind in TriedSocket.allCases {
            let socket = kind.open(on: net.left)
            let seen = code { () throws(SocketError) in
                try socket.setOption(level: 1, name: name, bytes(of: 1).span)
            }
            #expect(seen == ENOPROTOOPT, "option \(name) on \(kind)")
        }
    }

    @Test("sockets tell what they are")
    func identity() throws {
        let net = try Wired()
        defer { net.end() }
        let expected: [TriedSocket: (type: Int, domain: Int, proto: Int)] = [
            .tcp4: (1, 2, 6), .tcp6: (1, 10, 6), .udp4: (2, 2, 17), .udp6: (2, 10, 17),
            .raw4: (3, 2, 1), .raw6: (3, 10, 58), .packet: (3, 17, 0),
        ]
        for kind in TriedSocket.allCases {
            let socket = kind.open(on: net.left)
            let wanted = try #require(expected[kind])
            #expect(try socket.option(.type) == wanted.type)
            #expect(try socket.option(.domain) == wanted.domain)
            #expect(try socket.option(.protocolNumber) == wanted.proto)
            #expect(try socket.option(.pendingError) == 0)
            #expect(try !socket.option(.isListening))
        }
        let listener = try net.listener(80)
        #expect(try listener.option(.isListening))
    }

    @Test("what is unknown is no option")
    func unknown() throws {
        let net = try Wired()
        defer { net.end() }
        let tried: [(TriedSocket, Int32, CInt, CInt)] = [
            (.tcp4, 1, ENOPROTOOPT, ENOPROTOOPT), (.tcp4, 6, ENOPROTOOPT, ENOPROTOOPT),
            (.udp4, 17, ENOPROTOOPT, ENOPROTOOPT), (.udp4, 999, ENOPROTOOPT, EOPNOTSUPP),
            (.udp6, 999, ENOPROTOOPT, ENOPROTOOPT), (.packet, 263, ENOPROTOOPT, ENOPROTOOPT),
        ]
        for (kind, level, setting, reading) in tried {
            let socket = kind.open(on: net.left)
            let set = code { () throws(SocketError) in
                try socket.setOption(level: level, name: 231, bytes(of: 1).span)
            }
            #expect(set == setting, "level \(level) on \(kind)")
            let read = code { () throws(SocketError) in
                _ = try socket.option(level: level, name: 231, capacity: 4)
            }
            #expect(read == reading, "level \(level) on \(kind)")
        }
    }
}
