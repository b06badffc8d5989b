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

/// Records and prints what passes the links of a program's host: each packet with the program's name,
/// and those that were dropped with the reason.
final class LinkRecorder: Sendable {
    private let missed = Mutex<UInt64>(0)
    private let copier = PacketCopier()
    private let file: AnnotatedCapture?
    private let printer: PacketPrinter?
    private let program: ProgramLookUp

    /// - Parameters:
    ///   - path: The file to be written; nil for none.
    ///   - links: What the links are called.
    ///   - printer: What prints each packet, if anything does.
    init(
        path: String?, links: [String], printer: PacketPrinter?, program: @escaping ProgramLookUp
    ) throws(CommandError) {
        self.printer = printer
        self.program = program
        guard let path else {
            file = nil
            return
        }
        do throws(DeviceError) {
            file = try AnnotatedCapture(
                path: path,
                links: links.map {
                    .init($0, description: "the program's host under sockeye run")
                },
                application: "sockeye \(Command.version)")
        } catch {
            throw .failure("run: --capture: \(error)")
        }
    }

    /// Who records the link with this place.
    func watcher(of link: Int) -> any LinkWatcher { RecordedLink(link, self) }

    /// A packet that the firewall does not let pass, and why.
    func packetDenied(_ packet: borrowing Packet, _ way: FlowDirection, _ reason: String) {
        let direction: PacketRecord.Direction = way == .outgoing ? .outgoing : .incoming
        tell(copy(packet, direction), on: 0, reason)
    }

    /// A packet and whose it is.
    fileprivate struct Copied {
        /// Nil where there was no memory for it.
        let record: PacketRecord?
        let program: String?
    }

    fileprivate func copy(
        _ packet: borrowing Packet, _ direction: PacketRecord.Direction
    ) -> Copied {
        let ends = PacketEnds(packet.head, beyond: packet.countBehindHead)
        let name = ends.flatMap {
            program($0.proto, direction == .outgoing ? $0.source.port : $0.destination.port)
        }
        return Copied(record: copier.record(packet, direction), program: name)
    }

    /// Writes and prints one packet.
    ///
    /// - Parameter loss: Why it was dropped, if it was.
    fileprivate func tell(_ packet: Copied, on link: Int, _ loss: String?) {
        guard let record = packet.record else {
            missed.withLock { $0 &+= 1 }
            return
        }
        var comments: [String] = []
        if let program = packet.program { comments.append("program: \(program)") }
        if let loss { comments.append(loss) }
        file?.write(record, on: link, comments: comments)
        printer?.show(record, program: packet.program, note: loss)
    }

    /// Ends the capture; fails when some of it could not be written.
    func close() throws(CommandError) {
        if let error = file?.close() { throw .failure("run: --capture: \(error)") }
        let missed = missed.withLock { $0 }
        if missed > 0 {
            throw .failure("run: --capture: \(missed) packets are missing for lack of memory")
        }
    }
}

/// One link of those that are recorded.
private final class RecordedLink: LinkWatcher {
    private struct State {
        /// Packets that have arrived and of which the host has not told yet what it made of them.
        var arrived: [LinkRecorder.Copied] = []
        /// How many of those are dealt with.
        var done = 0

        mutating func next() -> LinkRecorder.Copied? {
            guard done < arrived.count else { return nil }
            defer {
                done += 1
                if done == arrived.count {
                    arrived.removeAll(keepingCapacity: true)
                    done = 0
                }
            }
            return arrived[done]
        }
    }

    private let state = Mutex(State())
    private let place: Int
    private let recorder: LinkRecorder

    init(_ place: Int, _ recorder: LinkRecorder) {
        self.place = place
        self.recorder = recorder
    }

    func packetLeaves(_ packet: borrowing Packet, _ fate: PacketFate) {
        recorder.tell(recorder.copy(packet, .outgoing), on: place, fate.words)
    }

    func packetArrives(_ packet: borrowing Packet, _ fate: PacketFate) {
        let copy = recorder.copy(packet, .incoming)
        guard fate == .carried else { return recorder.tell(copy, on: place, fate.words) }
        state.withLock { $0.arrived.append(copy) }
    }

    func hostTook(_ reason: DropReason?) {
        guard let next = state.withLock({ $0.next() }) else { return }
        recorder.tell(next, on: place, reason.map { "dropped by the host: \($0.words)" })
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
