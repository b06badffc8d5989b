import Glibc
import Sockets
import Stack

/// Bytes and messages, out and in.
extension Interpreter {
    private func messageFlags(_ words: [String], _ place: Int) throws -> MessageFlags {
        guard words.count > place else { return [] }
        return MessageFlags(rawValue: Int32(try tables.flags("flag", words[place])))
    }

    func send(_ words: [String]) throws -> String {
        let socket = try socket(words[1])
        if words[0] == "sendmsg" { return try sendMessage(socket, words) }
        let bytes = try Words.data(words[2])
        var target: SocketName?
        if words[0] == "sendto" {
            if words[3] == "null" { throw Unspeakable("null") }
            if words[3] != "none", socket.kind != .stream { target = try name(words[3]) }
        }
        let flags = try messageFlags(words, words[0] == "sendto" ? 4 : 3)
        return " \(try sendAll(socket, bytes, to: target, [], flags))"
    }

    private func sendMessage(_ socket: Socket, _ words: [String]) throws -> String {
        var bytes: [UInt8] = []
        var target: SocketName?
        var control: [ControlMessage] = []
        var flags: MessageFlags = []
        for word in words.dropFirst(2) {
            if word.hasPrefix("to=") {
                if socket.kind != .stream { target = try name(String(word.dropFirst(3))) }
            } else if word.hasPrefix("flags=") {
                flags = try messageFlags([String(word.dropFirst(6))], 0)
            } else if word.hasPrefix("rights=") {
                let names = word.dropFirst(7).split(separator: ",").map(String.init)
                control.append(ControlMessage(passing: try names.map { try self.socket($0) }))
            } else if word.hasPrefix("cmsg=") {
                let parts = word.dropFirst(5).split(separator: ",", maxSplits: 1).map(String.init)
                let (level, name) = try tables.option(parts[0])
                control.append(
                    ControlMessage(level: level, type: name, bytes: try Words.value(parts[1])))
            } else {
                bytes += try Words.data(word)
            }
        }
        return " \(try sendAll(socket, bytes, to: target, control, flags))"
    }

    /// All of a stream's bytes if it may wait, as the C library's calls do.
    private func sendAll(
        _ socket: Socket, _ bytes: [UInt8], to target: SocketName?, _ control: [ControlMessage],
        _ flags: MessageFlags
    ) throws -> Int {
        var sent = 0
        repeat {
            do throws(SocketError) {
                sent += try socket.sendMessage(
                    bytes.span.extracting(droppingFirst: sent), to: target, control: control,
                    flags: flags)
            } catch {
                guard sent > 0 else { throw error }
                break
            }
        } while (socket.kind == .stream || socket.kind == .local(.stream)) && sent < bytes.count
            && !socket.isNonblocking && !flags.contains(.dontWait)
        return sent
    }

    func receive(_ words: [String]) throws -> String {
        let socket = try socket(words[1])
        switch words[0] {
        case "readall": return try receiveAll(socket, Int(words[2]) ?? 0)
        case "fill": return try fill(socket, words.count > 2 ? Int(words[2]) ?? 0 : 65536)
        case "drain": return try drain(socket)
        case "recvmsg": return try receiveMessage(socket, words)
        default: break
        }
        guard let room = Int(words[2]),
            words.count < 4 || !words[3].hasPrefix("length=") && words[3] != "noname"
        else { throw Unspeakable(words[2]) }
        // The kernel's `read` of no bytes does not look.
        if words[0] == "read", room == 0 { return " 0" }
        let flags = try messageFlags(words, 3)
        var bytes = [UInt8](repeating: 0, count: room)
        var span = bytes.mutableSpan
        let message = try socket.receiveMessage(into: &span, flags: flags)
        let told =
            flags.contains(.truncated) ? max(message.count, message.fullCount) : message.count
        var result = " \(told)" + (told > 0 ? Output.data(Array(bytes.prefix(message.count))) : "")
        if words[0] == "recvfrom" {
            result += " from" + describe(message.source, socket)
        }
        return result
    }

    private func receiveMessage(_ socket: Socket, _ words: [String]) throws -> String {
        var counts: [Int] = []
        var flags: MessageFlags = []
        for word in words.dropFirst(2) {
            if word.hasPrefix("flags=") {
                flags = try messageFlags([String(word.dropFirst(6))], 0)
            } else if let count = Int(word) {
                counts.append(count)
            } else {
                throw Unspeakable(word)
            }
        }
        var bytes = [UInt8](repeating: 0, count: counts.reduce(0, +))
        var span = bytes.mutableSpan
        let message = try socket.receiveMessage(into: &span, flags: flags)
        // What control messages say is compared through the C interface.
        guard message.control.allSatisfy({ !$0.sockets.isEmpty }) else { throw Unspeakable("cmsg") }
        let told =
            flags.contains(.truncated) ? max(message.count, message.fullCount) : message.count
        var result = " \(told)"
        var from = 0
        for count in counts where from < message.count {
            let part = bytes[from..<min(from + count, message.count)]
            if !part.isEmpty { result += Output.data(Array(part)) }
            from += count
        }
        if message.source != nil { result += " from" + describe(message.source, socket) }
        result += " flags" + tables.describe("flag", Int(message.flags.rawValue))
        for control in message.control {
            result += " [SCM_RIGHTS \(control.sockets.count)]"
            for (place, passed) in control.sockets.enumerated() { keep(passed, as: "fd\(place)") }
        }
        return result
    }

    private func receiveAll(_ socket: Socket, _ room: Int) throws -> String {
        var bytes = [UInt8](repeating: 0, count: room)
        var count = 0
        var ending = ""
        while count < room {
            var span = bytes.mutableSpan
            var rest = span._mutatingExtracting(droppingFirst: count)
            do throws(SocketError) {
                let part = try socket.receiveMessage(into: &rest).count
                if part == 0 {
                    ending = " end"
                    break
                }
                count += part
            } catch {
                ending = " " + tables.errorName(error.code)
                break
            }
        }
        let shown = count > 0 ? Output.data(Array(bytes.prefix(count))) : ""
        return " \(count)" + shown + ending
    }

    private func fill(_ socket: Socket, _ size: Int) throws -> String {
        let block = [UInt8](repeating: 0, count: size)
        var total = 0
        var failures = 0
        while true {
            do throws(SocketError) {
                total += try socket.sendMessage(block.span, flags: .dontWait)
                failures = 0
            } catch {
                failures += 1
                if error.code != EAGAIN || failures == 2 {
                    return (total > 0 ? " some " : " nothing ") + tables.errorName(error.code)
                }
                usleep(3000)
            }
        }
    }

    private func drain(_ socket: Socket) throws -> String {
        var block = [UInt8](repeating: 0, count: 65536)
        var total = 0
        var pauses = 0
        while true {
            do throws(SocketError) {
                var span = block.mutableSpan
                let count = try socket.receiveMessage(into: &span, flags: .dontWait).count
                if count == 0 { return (total > 0 ? " some " : " nothing ") + "0" }
                total += count
                pauses = 0
            } catch {
                pauses += 1
                if error.code != EAGAIN || pauses == 4 {
                    return (total > 0 ? " some " : " nothing ") + tables.errorName(error.code)
                }
                usleep(2000)
            }
        }
    }
}
