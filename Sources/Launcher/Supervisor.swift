import CLinux
import Glibc
import Memory

/// The launcher at work: one thread that answers the program's calls, pumps its bytes, drives the
/// flows and minds its processes.
///
/// What it does about each call is in Calls/, one extension for each group.
final class Supervisor<Flows: FlowTable> {
    let flows: Flows
    let listener: NotificationListener
    var registry = SocketRegistry()
    var buffers = BufferPool()
    var rendezvous: Rendezvous
    var tree: ProcessTree
    /// Whether descriptors must be kept from the start because they cannot be fetched later.
    let keepsDuplicates: Bool

    /// Sockets with calls that wait.
    var waitingSockets: Set<SlabIndex> = []
    /// For each thread, its last call if the answer cannot be given twice.
    var lastAnswers: [CInt: LastAnswer] = [:]
    /// A wait that is being tried again keeps its deadline.
    var deadlineInForce: Int64??

    private var loop: EventLoop
    private var unfinishedPumps: [SlabIndex] = []
    /// Sockets whose end at our side is open: their bytes are not all passed on.
    private var openEnds = 0

    init(
        _ flows: Flows, _ program: ProgramProcess, signals: Descriptor
    ) throws(SystemError) {
        self.flows = flows
        listener = NotificationListener(program.listener)
        rendezvous = try Rendezvous()
        loop = try EventLoop()
        tree = ProcessTree(program: program.process, signals: signals)
        keepsDuplicates = !program.descriptorsCanBeFetched
        loop.add(listener.number, token: Token.notification, for: .readable)
        loop.add(signals.number, token: Token.signal, for: .readable)
        if flows.pollDescriptor >= 0 {
            loop.add(flows.pollDescriptor, token: Token.flows, for: .readable)
        }
    }

    /// What an event of the loop is about: one of these, or a socket's place and generation.
    private enum Token {
        static var notification: UInt64 { .max }
        static var signal: UInt64 { .max - 1 }
        static var flows: UInt64 { .max - 2 }

        static func socket(_ index: SlabIndex) -> UInt64 {
            UInt64(index.generation) << 32 | UInt64(index.place)
        }

        static func index(_ token: UInt64) -> SlabIndex {
            SlabIndex(
                place: UInt32(truncatingIfNeeded: token),
                generation: UInt32(truncatingIfNeeded: token >> 32))
        }
    }

    // MARK: The loop

    /// Runs until every process of the program's tree has ended and what they sent was delivered,
    /// or `patience` nanoseconds have passed since the last one ended.
    func run(patience: Int64) -> ProgramStatus {
        var end: Int64?
        while true {
            runUnfinishedPumps()
            serveWaits()
            retireAbandoned()
            let isQuiet = driveFlows()
            if tree.isEmpty {
                let now = MonotonicClock.now
                let limit = end ?? now &+ patience
                end = limit
                let isDone = openEnds == 0 && !flows.hasUnfinishedFlows
                if isDone || now >= limit { return tree.status }
            }
            wait(until: isQuiet ? end : 0)
        }
    }

    /// Lets the flows move until nothing more comes of it; false where it still does after a few
    /// rounds, when the program's calls must have their turn.
    ///
    /// What an event makes us send is taken up by the next `advance`, so the last one must find
    /// nothing.
    private func driveFlows() -> Bool {
        for _ in 0..<16 {
            flows.advance()
            var isQuiet = true
            while let event = flows.nextEvent() {
                handle(event)
                isQuiet = false
            }
            if isQuiet { return true }
        }
        return false
    }

    private func wait(until limit: Int64?) {
        var deadline = earliest(limit, flows.nextDeadline)
        deadline = earliest(deadline, nextWaitDeadline)
        var time = deadline.map { $0 &- MonotonicClock.now }
        if !unfinishedPumps.isEmpty { time = 0 }
        for position in 0..<loop.wait(nanoseconds: time) { handle(loop.ready(position)) }
    }

    private func earliest(_ a: Int64?, _ b: Int64?) -> Int64? {
        guard let a, let b else { return a ?? b }
        return min(a, b)
    }

    private func handle(_ ready: EventLoop.Ready) {
        switch ready.token {
        case Token.notification:
            if ready.events.contains(.hungUp) {
                // No process is under the filter any more.
                loop.remove(listener.number)
            } else if let call = listener.receive() {
                answer(call)
            }
        case Token.signal: tree.takeSignals()
        case Token.flows: break
        default: handleEnd(Token.index(ready.token), ready.events)
        }
    }

    private func handle(_ event: FlowEvent) {
        guard let index = registry.find(flow: event.flow) else { return }
        switch registry[index].kind {
        case .datagram:
            if event.events.contains(.readable) || event.events.contains(.failed) {
                deliverDatagrams(index)
            }
        case .stream:
            if event.events.contains(.failed) {
                flowFailed(index, event.error ?? SystemError(ECONNRESET))
                return
            }
            if event.events.contains(.connected) { connectSucceeded(index) }
            pump(index)
        }
    }

    private func handleEnd(_ index: SlabIndex, _ events: EventLoop.Interest) {
        guard registry.contains(index), registry[index].end != nil else { return }
        switch registry[index].kind {
        case .datagram:
            forwardDatagrams(index)
            if events.contains(.hungUp) { retire(index, resetting: false) }
        case .stream:
            if events.contains(.hungUp) { registry[index].pump.isHungUp = true }
            if registry[index].phase == .connecting, events.contains(.hungUp) {
                retire(index, resetting: true)
            } else {
                pump(index)
            }
        }
    }

    // MARK: Ends

    /// Takes over our end of a socket and watches it.
    func adopt(_ end: Descriptor, _ index: SlabIndex) {
        registry[index].end = end
        openEnds += 1
        loop.add(end.number, token: Token.socket(index), for: Self.interest(waitsForRoom: false))
    }

    /// Closes our end of a socket.
    func closeEnd(_ index: SlabIndex) {
        guard registry[index].end != nil else { return }
        registry[index].end = nil
        registry[index].duplicate = nil
        openEnds -= 1
    }

    private static func interest(waitsForRoom: Bool) -> EventLoop.Interest {
        let always: EventLoop.Interest = [.readable, .halfClosed, .onChange]
        return waitsForRoom ? always.union(.writable) : always
    }

    /// Moves the bytes of an established connection.
    func pump(_ index: SlabIndex) {
        guard case .established = registry[index].phase, let flow = registry[index].flow,
            let end = registry[index].end
        else { return }
        let waited = registry[index].pump.waitsForRoom
        let outcome = registry[index].pump.run(flows, flow, end: end.number, buffers: &buffers)
        switch outcome {
        case .idle: break
        case .more: unfinishedPumps.append(index)
        case .closed: return retire(index, resetting: registry[index].options.resetsOnClose)
        case .abandoned: return retire(index, resetting: true)
        case .failed(let error): return resetProgram(index, error)
        }
        let waits = registry[index].pump.waitsForRoom
        if waits != waited {
            // Changing the interest looks at the socket anew, so that no room is overlooked.
            loop.change(
                end.number, token: Token.socket(index), for: Self.interest(waitsForRoom: waits))
        }
    }

    private func runUnfinishedPumps() {
        let indices = unfinishedPumps
        unfinishedPumps.removeAll(keepingCapacity: true)
        for index in indices where registry.contains(index) { pump(index) }
    }

    /// Shows the program that its connection was reset: closing our end while it holds a byte that
    /// we have not read makes the kernel report ECONNRESET, after what the program has yet to read.
    func resetProgram(_ index: SlabIndex, _ error: SystemError) {
        registry[index].error = error
        if let program = programEnd(index) {
            let buffer = buffers.take()
            buffer.fill(1)
            _ = SocketFile.send(program.number, from: buffer)
            buffers.giveBack(buffer)
        }
        retire(index, resetting: true)
    }

    /// Ends both sides of a socket. Its names stay for as long as a process holds it.
    func retire(_ index: SlabIndex, resetting: Bool) {
        registry[index].pump.stop(&buffers)
        registry[index].phase = .over
        closeEnd(index)
        if let flow = registry.detachFlow(index) {
            if resetting { flows.abort(flow) } else { flows.close(flow) }
        }
    }

    /// The program's own end of a socket, as a descriptor of ours, from whoever holds it.
    ///
    /// It is given up at once: while we hold it, the program's closing would not be seen.
    func programEnd(_ index: SlabIndex) -> Descriptor? {
        if let duplicate = registry[index].duplicate { return duplicate }
        // Where descriptors cannot be fetched there is no point in looking for one.
        if keepsDuplicates { return nil }
        let inode = registry[index].inode
        if let found = registry[index].holder.duplicate(of: inode) { return found }
        guard let holder = CallerDescriptor.search(for: inode) else { return nil }
        registry[index].holder = holder
        return holder.duplicate(of: inode)
    }

    private func retireAbandoned() {
        for index in registry.abandoned() {
            waitingSockets.remove(index)
            retire(index, resetting: true)
            _ = registry.remove(index)
        }
    }
}
