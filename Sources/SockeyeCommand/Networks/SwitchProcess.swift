import Devices
import Equipment
import Glibc
import Memory
import Setup
import Stack

/// The switch of a network of several runs: a process of its own, which lives as long as somebody is
/// connected.
///
/// One thread waits for all: who joins and leaves, and frames.
struct SwitchProcess: ~Copyable {
    private let network: String
    private let directory: NetworkDirectory
    private let control: LocalListener
    private let frames: LocalListener
    private var poller: Poller
    private var members = MemberTable()
    private var bridge: LearningSwitch
    private let pools = BufferPools(BufferPools.Plan(byteLimit: 16 << 20))
    /// By their tokens.
    private var seats: [UInt64: SwitchSeat] = [:]
    private var ports: [UInt64: SwitchPort] = [:]
    private var nextToken: UInt64 = 2
    /// Whether anybody has come.
    private var hasBegun = false

    private static let controlToken: UInt64 = 0
    private static let framesToken: UInt64 = 1
    /// How long the first may take to come.
    private static let patience = Interval.seconds(10)
    /// How many frames of one port go before another's turn.
    private static let turnLimit = 64

    /// Whoever starts the switch holds the directory, so that nobody else begins one.
    init(_ network: String, in directory: NetworkDirectory) throws(DeviceError) {
        let own = try FileDescriptor.privateDirectory(directory.path)
        // What a switch left behind that was killed.
        directory.removeSockets(of: network, own)
        let frames = try LocalListener(path: directory.frames(of: network))
        let control = try LocalListener(path: directory.control(of: network))
        let poller = try Poller()
        try poller.add(control.descriptor, token: Self.controlToken)
        try poller.add(frames.descriptor, token: Self.framesToken)
        let seed = SystemRandom.seed()
        self.network = network
        self.directory = directory
        self.frames = frames
        self.control = control
        self.poller = poller
        bridge = LearningSwitch(seed: seed.0, seed.1)
    }

    /// Whether an error of a stream says only that nothing came in time.
    static func isOnlyLate(_ error: DeviceError) -> Bool {
        error.code == EAGAIN || error.code == EINTR
    }

    /// Serves until the last has left.
    mutating func run() {
        var deadline = MonotonicClock.now() + Self.patience
        while true {
            poller.wait(until: hasBegun ? nextDeadline : min(deadline, nextDeadline))
            for index in 0..<poller.count { handle(poller[index]) }
            carryFrames()
            guard seats.isEmpty, ports.isEmpty else { continue }
            guard hasBegun || MonotonicClock.now() >= deadline else { continue }
            if end() { return }
            deadline = MonotonicClock.now() + Self.patience
        }
    }

    private var nextDeadline: Instant {
        ports.values.reduce(.never) { min($0, $1.link.nextDeadline) }
    }

    private mutating func handle(_ event: Poller.Event) {
        switch event.token {
        case Self.controlToken: while let stream = control.accept() { seat(stream) }
        case Self.framesToken: while let stream = frames.accept() { plug(stream) }
        default:
            if let seat = seats[event.token] { listen(to: seat, event.token) }
        }
    }

    /// Whether the connection is one of this user's own.
    private func isOwn(_ stream: LocalStream) -> Bool { stream.peerUser == FileDescriptor.user }

    // MARK: - Members

    private mutating func seat(_ stream: LocalStream) {
        guard isOwn(stream) else { return }
        // It is read from when something is there; nobody else waits for who takes nothing.
        stream.setTimeouts(receiving: 10, sending: 200)
        guard watch(stream.descriptor) else { return }
        seats[nextToken] = SwitchSeat(stream)
        nextToken += 1
        hasBegun = true
    }

    private func watch(_ descriptor: CInt) -> Bool {
        do throws(DeviceError) {
            try poller.add(descriptor, token: nextToken)
            return true
        } catch {
            return false
        }
    }

    private mutating func listen(to seat: SwitchSeat, _ token: UInt64) {
        guard let messages = seat.receive() else {
            seats[token] = nil
            try? poller.remove(seat.stream.descriptor)
            guard let member = seat.member else { return }
            members.leave(member.name)
            tell([.gone(member.name)], but: seat)
            return
        }
        for case .join(let name, let isExact) in messages where seat.member == nil {
            do throws(MemberTable.Refusal) {
                let others = members.members
                let member = try members.join(name, isExact: isExact)
                seat.member = member
                // The others first: once a run knows its name, all have been told of it.
                tell([.host(member)], but: seat)
                seat.tell([.welcome(member)] + others.map { .host($0) })
            } catch {
                seat.tell([.refused(error.reason)])
            }
        }
    }

    private func tell(_ messages: [NetworkMessage], but seat: SwitchSeat) {
        for other in seats.values where other !== seat && other.member != nil {
            other.tell(messages)
        }
    }

    // MARK: - Frames

    private mutating func plug(_ stream: LocalStream) {
        guard isOwn(stream) else { return }
        let path = directory.frames(of: network)
        do throws(DeviceError) {
            let link = try UNIXStreamLink(stream, acceptedAt: path, pools: pools)
            guard watch(link.descriptor) else { return }
            ports[nextToken] = SwitchPort(Int(nextToken), link)
            nextToken += 1
            hasBegun = true
        } catch {
            // It sees the end of the connection.
            return
        }
    }

    /// Takes frames from all ports in turn, until none has any.
    private mutating func carryFrames() {
        var isBusy = true
        while isBusy {
            isBusy = false
            for (token, port) in ports.sorted(by: { $0.key < $1.key }) {
                if carryFrames(from: port, token) { isBusy = true }
            }
        }
    }

    /// Takes some frames from a port; whether there may be more.
    private mutating func carryFrames(from port: SwitchPort, _ token: UInt64) -> Bool {
        let now = MonotonicClock.now()
        for _ in 0..<Self.turnLimit {
            switch port.receive() {
            case .nothing: return false
            case .frame(let packet): forward(packet, from: port, now)
            case .over:
                try? poller.remove(port.link.descriptor)
                ports[token] = nil
                bridge.forget(port: port.number)
                return false
            }
        }
        return true
    }

    private mutating func forward(
        _ packet: consuming Packet, from port: SwitchPort, _ now: Instant
    ) {
        switch bridge.forward(packet, from: port.number, at: now) {
        case .none: return
        case .port(let number): ports[UInt64(number)]?.send(packet)
        case .flood:
            for other in ports.values where other !== port {
                if let copy = pools.copy(packet) { other.send(copy) }
            }
        }
    }

    // MARK: - The end

    /// Removes the sockets, unless somebody has come meanwhile; whether it is over.
    private mutating func end() -> Bool {
        // Without the directory there are no sockets to be removed from it.
        guard let lock = try? directory.locked() else { return true }
        while let stream = control.accept() { seat(stream) }
        while let stream = frames.accept() { plug(stream) }
        guard seats.isEmpty, ports.isEmpty else { return false }
        directory.removeSockets(of: network, lock)
        return true
    }
}

/// `sockeye network-switch NETWORK DIRECTORY`, which nobody types: the process that `--network` starts.
enum SwitchCommand {
    static let name = "network-switch"

    static func run(_ words: ArraySlice<String>) throws(CommandError) -> Int32 {
        let words = Array(words)
        guard words.count == 2, let network = NetworkName.label(words[0]),
            words[1].hasSuffix("/networks")
        else { throw .usage("\(name) is started by 'sockeye run --network'") }
        let directory = try NetworkDirectory(in: String(words[1].dropLast("/networks".count)))
        do throws(DeviceError) {
            var process = try SwitchProcess(network, in: directory)
            process.run()
            return 0
        } catch {
            throw .failure("\(name): \(error)")
        }
    }
}
