import CLinux
import Devices
import Glibc
import Memory
import Sockets
import Stack

/// The launcher at work: one thread that answers the program's calls, pumps its bytes, drives the
/// network and minds its processes.
///
/// What it does about each call is in Calls/, one extension for each group.
final class Supervisor {
    let setting: ProgramNetwork
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
    /// Answers questions about the network that are asked of sockets which are not ours.
    var inquirer: Socket?

    private var loop: EventLoop
    /// The network's sockets behind the program's.
    private let ready: ReadySet
    private var unfinishedPumps: [SlabIndex] = []
    /// Those that found no memory, and when they are tried again.
    private var latePumps: [SlabIndex] = []
    private var lateTime: Int64?
    /// Sockets whose end at our side is open: their bytes are not all passed on.
    private var openEnds = 0
    /// When sockets that have a port are looked for the next time.
    private var nextSearch: Int64 = 0

    init(
        _ setting: ProgramNetwork, _ program: ProgramProcess, events: TreeEvents
    ) throws(SocketError) {
        self.setting = setting
        listener = NotificationListener(program.listener)
        rendezvous = try Rendezvous()
        loop = try EventLoop()
        ready = try ReadySet()
        tree = ProcessTree(program: program, events: events)
        keepsDuplicates = !program.descriptorsCanBeFetched
        loop.add(listener.number, token: Token.notification, for: .readable)
        loop.add(events.number, token: Token.signal, for: .readable)
        loop.add(ready.descriptor, token: Token.network, for: .readable)
        for descriptor in setting.sources.flatMap(\.descriptors) {
            loop.add(descriptor, token: Token.network, for: .readable)
        }
    }

    /// What an event of the loop is about: one of these, or a socket's place and generation.
    private enum Token {
        static var notification: UInt64 { .max }
        static var signal: UInt64 { .max - 1 }
        static var network: UInt64 { .max - 2 }

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
            searchForClosed()
            let isQuiet = driveNetwork()
            if tree.isEmpty {
                retireAll()
                let now = MonotonicClock.now
                let limit = end ?? now &+ patience
                end = limit
                let isDone = openEnds == 0 && !setting.sources.contains { $0.hasUnsent }
                if isDone || now >= limit { return tree.status }
            }
            wait(until: isQuiet ? end : 0)
        }
    }

    /// Lets the network move until nothing more comes of it; false where it still does after a few
    /// rounds, when the program's calls must have their turn.
    private func driveNetwork() -> Bool {
        for source in setting.sources { source.acknowledgeWakeUp() }
        for _ in 0..<16 {
            var isQuiet = true
            for source in setting.sources where source.turn() { isQuiet = false }
            while let event = ready.next() {
                handle(event)
                isQuiet = false
            }
            if isQuiet { return true }
        }
        return false
    }

    private func wait(until limit: Int64?) {
        var deadline = earliest(earliest(limit, nextWaitDeadline), lateTime)
        for source in setting.sources {
            let next = source.nextDeadline
            if next != .never { deadline = earliest(deadline, next.nanoseconds) }
        }
        if !registry.listening.isEmpty { deadline = earliest(deadline, nextSearch) }
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
        case Token.network: break
        default: handleEnd(Token.index(ready.token), ready.events)
        }
    }

    // MARK: What the network reports

    /// Has the network's socket told of from now on.
    func watch(_ index: SlabIndex) throws(SocketError) {
        guard !registry[index].isWatched else { return }
        try ready.add(
            .socket(registry[index].socket), for: [.readable, .writable, .connected, .priority],
            .edgeTriggered, token: Token.socket(index))
        registry[index].isWatched = true
    }

    private func handle(_ event: ReadySet.Event) {
        let index = Token.index(event.token)
        guard registry.contains(index) else { return }
        guard registry[index].isStream else { return handleMessages(index, event.events) }
        switch registry[index].phase {
        case .listening: deliverConnections(index)
        case .connecting: connectEvent(index)
        case .established:
            if event.events.contains(.priority) { registry[index].pump.expectsUrgent = true }
            if event.events.contains(.error) { registry[index].pump.hasFailed = true }
            pump(index)
        case .idle, .failed, .over: break
        }
    }

    // MARK: Our ends

    private func handleEnd(_ index: SlabIndex, _ events: EventLoop.Interest) {
        guard registry.contains(index), registry[index].end != nil else { return }
        guard registry[index].isStream else {
            forwardMessages(index)
            deliverMessages(index)
            if events.contains(.hungUp) { programEnded(index) }
            return
        }
        if events.contains(.hungUp) { registry[index].pump.isHungUp = true }
        // One that has been reset is not accepted any more where its listener is closed.
        let isUnclaimed = registry[index].phase == .connecting || registry[index].phase == .over
        if isUnclaimed, events.contains(.hungUp) {
            retire(index, resetting: true)
        } else {
            pump(index)
        }
    }

    /// Takes over our end of a socket and watches it.
    func adopt(_ end: Descriptor, _ index: SlabIndex) {
        guard let end = try? SystemSocket(received: end.release()) else { return }
        registry[index].end = end
        openEnds += 1
        // An urgent byte of the program's is to stay in its place.
        if registry[index].isStream { SocketFile.setOption(end.number, SO_OOBINLINE, 1) }
        loop.add(end.number, token: Token.socket(index), for: Self.interest(waitsForRoom: false))
    }

    /// Closes our end of a socket.
    func closeEnd(_ index: SlabIndex) {
        guard registry[index].end != nil else { return }
        registry[index].end?.close()
        registry[index].end = nil
        registry[index].duplicate = nil
        openEnds -= 1
    }

    private static func interest(waitsForRoom: Bool) -> EventLoop.Interest {
        let always: EventLoop.Interest = [.readable, .halfClosed, .onChange]
        return waitsForRoom ? always.union(.writable) : always
    }

    /// Asks to be told of room in the program's socket, or no more. Asking looks at the socket
    /// anew, so that no room is overlooked.
    func waitForRoom(_ index: SlabIndex, _ waits: Bool) {
        guard let end = registry[index].end else { return }
        loop.change(
            end.number, token: Token.socket(index), for: Self.interest(waitsForRoom: waits))
    }

    // MARK: Streams

    /// Moves the bytes of an established connection.
    func pump(_ index: SlabIndex) {
        guard registry[index].isConnected, let end = registry[index].end else { return }
        let waited = registry[index].pump.waitsForRoom
        let outcome = registry[index].pump.run(registry[index].socket, end)
        switch outcome {
        case .idle: break
        case .more: unfinishedPumps.append(index)
        case .later:
            latePumps.append(index)
            lateTime = lateTime ?? MonotonicClock.now &+ 10_000_000
        case .closed: return programEnded(index)
        case .abandoned: return retire(index, resetting: true)
        case .failed(let error): return resetProgram(index, error)
        }
        let waits = registry[index].pump.waitsForRoom
        if waits != waited { waitForRoom(index, waits) }
        if !registry[index].waits.isEmpty { retryWaits(index) }
    }

    private func runUnfinishedPumps() {
        var indices = unfinishedPumps
        unfinishedPumps.removeAll(keepingCapacity: true)
        if let lateTime, MonotonicClock.now >= lateTime {
            indices += latePumps
            latePumps.removeAll()
            self.lateTime = nil
        }
        for index in indices where registry.contains(index) { pump(index) }
    }

    /// Shows the program that its connection was reset: closing our end while it holds a byte that
    /// we have not read makes the kernel report ECONNRESET, after what the program has yet to read.
    private func resetProgram(_ index: SlabIndex, _ error: SocketError) {
        registry[index].error = error
        registry[index].phase = .over
        // One that waits to be accepted is shown to whoever accepts it.
        if registry[index].inode != 0 { showReset(index, programEnd(index)) }
        if !registry[index].waits.isEmpty { retryWaits(index) }
    }

    /// Closes our end of a connection that was reset, with a byte in it that is not read.
    func showReset(_ index: SlabIndex, _ program: Descriptor?) {
        guard registry[index].end != nil else { return }
        if let program {
            let buffer = buffers.take()
            buffer.fill(1)
            _ = SocketFile.send(program.number, from: buffer)
            buffers.giveBack(buffer)
        }
        closeEnd(index)
        // The names stay for as long as the program holds the socket.
        registry.watchForEnd(index)
    }

    // MARK: The end of sockets

    /// The program has closed a socket, or shut it down both ways: then its names stay.
    private func programEnded(_ index: SlabIndex) {
        guard isHeld(index) else { return retire(index, resetting: false) }
        try? registry[index].socket.shutdown(.both)
        registry[index].messages.stop(&buffers)
        registry[index].phase = .over
        closeEnd(index)
        registry.watchForEnd(index)
    }

    /// Ends both sides of a socket.
    func retire(_ index: SlabIndex, resetting: Bool) {
        registry[index].messages.stop(&buffers)
        registry[index].phase = .over
        closeEnd(index)
        registry[index].port?.close()
        registry[index].port = nil
        ready.removeIfPresent(.socket(registry[index].socket))
        registry[index].isWatched = false
        if resetting { registry[index].socket.abort() } else { registry[index].socket.close() }
        for wait in takeWaits(index) { listener.refuse(wait.call, SocketError(EBADF)) }
        if registry[index].inode == 0 || !isHeld(index) { _ = registry.remove(index) }
    }

    /// Ends a socket that no process holds any more.
    private func retireAbandoned(_ index: SlabIndex) {
        retire(index, resetting: registry[index].isConnected)
        if registry.contains(index) { _ = registry.remove(index) }
    }

    /// No process is left that could hold what our ends do not tell of.
    private func retireAll() {
        for index in registry.indices where registry[index].end == nil { retireAbandoned(index) }
    }

    /// Whether a process holds the socket.
    private func isHeld(_ index: SlabIndex) -> Bool {
        if registry[index].duplicate != nil {
            // We hold it too, so only the processes themselves can say.
            return CallerDescriptor.search(for: registry[index].inode) != nil
        }
        return SocketDirectory.contains(registry[index].inode)
    }

    /// Looks for sockets that were closed and that no end of ours tells of: those with ports every
    /// now and then, all when they have become many.
    private func searchForClosed() {
        let now = MonotonicClock.now
        if now >= nextSearch {
            nextSearch = now &+ 50_000_000
            releaseClosedPorts()
        }
        guard registry.isSweepDue() else { return }
        retireClosed(of: registry.indices.filter { registry[$0].end == nil })
        registry.noteSweep()
    }

    /// Gives back the ports of sockets that were closed; whether there were any.
    @discardableResult
    func releaseClosedPorts() -> Bool {
        registry.listening.isEmpty ? false : retireClosed(of: Array(registry.listening))
    }

    @discardableResult
    private func retireClosed(of indices: [SlabIndex]) -> Bool {
        let existing = SocketDirectory.existing(of: indices.map { registry[$0].inode })
        var found = false
        for index in indices {
            // One that we hold too exists in any case.
            let isHeld =
                registry[index].duplicate == nil
                ? existing.contains(registry[index].inode) : isHeld(index)
            if isHeld { continue }
            retireAbandoned(index)
            found = true
        }
        return found
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
}
