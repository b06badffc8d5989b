import Devices
import Equipment
import Memory
import Setup
import Sockets
import Stack
import Synchronization
import Wire

/// The name of the program whose socket has a port, where it is known.
typealias ProgramLookUp = @Sendable (IPProtocol, UInt16) -> String?

/// Records and prints what passes the link of a program's host: each packet with the program's name,
/// and those that were dropped with the reason.
final class LinkRecorder: LinkWatcher {
    private struct State: ~Copyable {
        /// Packets that have arrived and of which the host has not told yet what it made of them.
        var arrived: [(record: PacketRecord?, program: String?)] = []
        /// How many of those are dealt with.
        var done = 0
        var missed: UInt64 = 0
    }

    private let state = Mutex(State())
    private let copier = PacketCopier()
    private let file: AnnotatedCapture?
    private let printer: PacketPrinter?
    private let program: ProgramLookUp

    /// - Parameters:
    ///   - path: The file to be written; nil for none.
    ///   - printer: What prints each packet, if anything does.
    init(
        path: String?, printer: PacketPrinter?, program: @escaping ProgramLookUp
    ) throws(CommandError) {
        self.printer = printer
        self.program = program
        guard let path else {
            file = nil
            return
        }
        do throws(DeviceError) {
            file = try AnnotatedCapture(
                path: path, link: "eth0", description: "the program's host under sockeye run",
                application: "sockeye \(Command.version)")
        } catch {
            throw .failure("run: --capture: \(error)")
        }
    }

    func packetLeaves(_ packet: borrowing Packet, _ fate: PacketFate) {
        let name = PacketEnds(packet.head, beyond: packet.countBehindHead)
            .flatMap { program($0.proto, $0.source.port) }
        tell(copier.record(packet, .outgoing), name, fate.words)
    }

    func packetArrives(_ packet: borrowing Packet, _ fate: PacketFate) {
        let name = PacketEnds(packet.head, beyond: packet.countBehindHead)
            .flatMap { program($0.proto, $0.destination.port) }
        let record = copier.record(packet, .incoming)
        guard fate == .carried else { return tell(record, name, fate.words) }
        state.withLock { $0.arrived.append((record, name)) }
    }

    /// A packet that the firewall does not let pass, and why.
    func packetDenied(_ packet: borrowing Packet, _ way: FlowDirection, _ reason: String) {
        let ends = PacketEnds(packet.head, beyond: packet.countBehindHead)
        let isOutgoing = way == .outgoing
        let name = ends.flatMap {
            program($0.proto, isOutgoing ? $0.source.port : $0.destination.port)
        }
        tell(copier.record(packet, isOutgoing ? .outgoing : .incoming), name, reason)
    }

    func hostTook(_ reason: DropReason?) {
        let next = state.withLock { state -> (record: PacketRecord?, program: String?)? in
            guard state.done < state.arrived.count else { return nil }
            let next = state.arrived[state.done]
            state.done += 1
            if state.done == state.arrived.count {
                state.arrived.removeAll(keepingCapacity: true)
                state.done = 0
            }
            return next
        }
        guard let next else { return }
        tell(next.record, next.program, reason.map { "dropped by the host: \($0.words)" })
    }

    /// Writes and prints one packet.
    ///
    /// - Parameter loss: Why it was dropped, if it was.
    private func tell(_ record: PacketRecord?, _ program: String?, _ loss: String?) {
        guard let record else {
            state.withLock { $0.missed &+= 1 }
            return
        }
        var comments: [String] = []
        if let program { comments.append("program: \(program)") }
        if let loss { comments.append(loss) }
        file?.write(record, comments: comments)
        printer?.show(record, program: program, note: loss)
    }

    /// Ends the capture; fails when some of it could not be written.
    func close() throws(CommandError) {
        if let error = file?.close() { throw .failure("run: --capture: \(error)") }
        let missed = state.withLock { $0.missed }
        if missed > 0 {
            throw .failure("run: --capture: \(missed) packets are missing for lack of memory")
        }
    }
}

extension PacketFate {
    /// Why the packet is not carried on; nil for what is.
    var words: String? {
        switch self {
        case .carried: nil
        case .lost: "dropped by the link: loss"
        case .queueFull: "dropped by the link: queue full"
        }
    }
}

extension DropReason {
    /// `tcpBadChecksum` as "tcp bad checksum".
    var words: String { Statistics.split(Substring(String(describing: self))) }
}
