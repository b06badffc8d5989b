import Devices
import Setup
import Sockets
import Stack

/// What a tool sleeps on: its sockets, whoever may interrupt it, and the time.
final class ToolWait {
    private var poller: Poller
    private let set: ReadySet
    private(set) var isInterrupted = false

    private static var socketToken: UInt64 { 0 }
    private static var terminalToken: UInt64 { 1 }

    init(_ sockets: [Socket], _ terminal: any ToolTerminal) throws(CommandError) {
        set = try Self.set(sockets)
        poller = try Self.poller(set, terminal)
    }

    private static func set(_ sockets: [Socket]) throws(CommandError) -> ReadySet {
        do throws(SocketError) {
            let set = try ReadySet()
            for socket in sockets {
                try set.add(.socket(socket), for: .readable, .edgeTriggered, token: socketToken)
            }
            return set
        } catch {
            throw .failure("\(error)")
        }
    }

    private static func poller(
        _ set: ReadySet, _ terminal: any ToolTerminal
    ) throws(CommandError) -> Poller {
        do throws(DeviceError) {
            let poller = try Poller()
            try poller.add(set.descriptor, token: socketToken)
            try poller.add(terminal.interruption, token: terminalToken)
            return poller
        } catch {
            throw .failure("\(error)")
        }
    }

    /// Sleeps until a socket may have something, the tool is to come to an end, or `deadline`;
    /// whether the tool goes on.
    func wait(until deadline: Instant) -> Bool {
        let count = poller.wait(until: deadline)
        for index in 0..<count {
            if poller[index].token == Self.terminalToken { isInterrupted = true }
        }
        while set.next() != nil {}
        return !isInterrupted
    }
}
