import Devices
import Glibc
import Memory
import Setup
import Sockets
import Stack
import Synchronization

/// A run's membership in a network: who it is there, who else is, and its link.
///
/// It hears of who comes and goes in its owner's event loop. When the switch is gone, the others are
/// unknown and the link is dead.
final class NetworkMembership: EventSource, Sendable {
    let network: String
    /// Who this run is.
    let member: NetworkMember
    /// The switch.
    let process: Int32?
    private let directory: NetworkDirectory
    private let stream: LocalStream
    private let poller: Poller
    private let state: Mutex<State>

    private struct State {
        var lines: NetworkLines
        var others: [NetworkMember] = []
        var isOver = false
    }

    /// Joins `network`, whose switch is started if none runs.
    ///
    /// - Parameters:
    ///   - host: The name that others will know this run by; nil for one made of the program's.
    ///   - program: The program's path or name.
    ///   - executable: The command `sockeye`, to start the switch with.
    /// - Throws: When the name is taken or no name at all, or the switch cannot be reached.
    init(
        _ network: String, as host: String?, program: String,
        in directory: NetworkDirectory, executable: String = DetachedProcess.ownExecutable
    ) throws(CommandError) {
        self.network = network
        self.directory = directory
        let request = NetworkMessage.join(
            name: host ?? NetworkName.label(ofProgram: program), isExact: host != nil)
        do throws(DeviceError) {
            let (stream, member, lines) = try Self.join(network, request, directory, executable)
            stream.setTimeouts(receiving: 10, sending: 1_000)
            (self.stream, self.member) = (stream, member)
            process = stream.peerProcess
            poller = try Poller()
            try poller.add(stream.descriptor, token: 0)
            state = Mutex(State(lines: lines))
        } catch {
            // What the switch says is for the user as it is.
            throw .failure(
                error.code == 0 ? "network '\(network)': \(error.operation)" : "\(error)")
        }
    }

    /// The connection, who the run is, and what else the switch has said.
    private static func join(
        _ network: String, _ request: NetworkMessage, _ directory: NetworkDirectory,
        _ executable: String
    ) throws(DeviceError) -> (LocalStream, NetworkMember, NetworkLines) {
        // A switch that ends at this moment hangs up; the next try starts another.
        for _ in 0..<100 {
            let stream = try directory.connect(to: network, starting: executable)
            guard stream.peerUser == FileDescriptor.user else {
                throw DeviceError(operation: "join network '\(network)'", code: EPERM)
            }
            stream.setTimeouts(receiving: 10_000, sending: 10_000)
            var lines = NetworkLines()
            do throws(DeviceError) {
                try stream.send(Array((request.line + "\n").utf8))
                while true {
                    let bytes = try stream.receive()
                    guard !bytes.isEmpty else { break }
                    lines.append(bytes)
                    guard let line = lines.next() else { continue }
                    switch NetworkMessage(line) {
                    case .welcome(let member): return (stream, member, lines)
                    case .refused(let reason): throw DeviceError(operation: reason, code: 0)
                    default: throw DeviceError(operation: "join network", code: EPROTO)
                    }
                }
            } catch {
                guard error.code == EPIPE || error.code == ECONNRESET else { throw error }
            }
        }
        throw DeviceError(operation: "join network '\(network)'", code: ETIMEDOUT)
    }

    /// Plugs the run into the switch: frames, as QEMU speaks them.
    func link(pools: BufferPools) throws(CommandError) -> UNIXStreamLink {
        do throws(DeviceError) {
            return try UNIXStreamLink(
                directory.frames(of: network), as: .client, whenPeerGoes: .ends, pools: pools)
        } catch {
            throw .failure("network '\(network)': \(error)")
        }
    }

    /// Everybody on the network, this run first.
    var members: [NetworkMember] { state.withLock { [member] + $0.others } }

    // MARK: - EventSource

    var descriptors: [CInt] { [poller.descriptor] }
    var nextDeadline: Instant { .never }
    var hasUnsent: Bool { false }
    func acknowledgeWakeUp() {}

    /// Takes note of who has come and gone; whether anything was heard.
    func turn() -> Bool {
        state.withLock { state in
            var hasHeard = false
            while !state.isOver, isReadable, let bytes = receive() {
                hasHeard = true
                guard !bytes.isEmpty else {
                    state.isOver = true
                    state.others = []
                    try? poller.remove(stream.descriptor)
                    break
                }
                state.lines.append(bytes)
            }
            while let line = state.lines.next() { Self.note(line, &state.others) }
            return hasHeard
        }
    }

    private var isReadable: Bool {
        var entries = [DescriptorPoll.Entry(stream.descriptor, Int16(POLLIN))]
        do throws(DeviceError) {
            try DescriptorPoll.wait(&entries, until: .zero)
        } catch {
            return false
        }
        return entries[0].answer != 0
    }

    /// Bytes of the switch; none at the end, nil when there is nothing now.
    private func receive() -> [UInt8]? {
        do throws(DeviceError) {
            return try stream.receive()
        } catch {
            return SwitchProcess.isOnlyLate(error) ? nil : []
        }
    }

    private static func note(_ line: String, _ others: inout [NetworkMember]) {
        switch NetworkMessage(line) {
        case .host(let member):
            others.removeAll { $0.name == member.name }
            others.append(member)
        case .gone(let name): others.removeAll { $0.name == name }
        default: break
        }
    }
}
