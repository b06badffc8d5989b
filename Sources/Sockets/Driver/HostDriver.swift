import Devices
import Memory
import Stack
import Synchronization
import Wire

/// A host with devices, in real time or a simulation's: the value of `Stack` behind one lock.
///
/// A call on a socket takes the lock, works on the connection and lets go; packets that it called
/// for leave on the caller's own thread. What arrives is taken in by the driver's thread, or by
/// whoever calls `turn` where no thread was started: the owner's event loop, or a simulation.
public final class HostDriver: Sendable {
    /// The host and what belongs to it, worked on under the lock only.
    struct Core: ~Copyable, Sendable {
        var host: Host
        var waiters = WaitList()
        /// A thread is writing packets to the devices: others leave theirs to it.
        var isWriting = false
        /// Until when the driver sleeps if nothing happens.
        var sleepsUntil = Instant.never
        var isStopping = false
        /// What happened to endpoints, where the owner of the host takes it.
        var reports: Ring<Host.Ready>?
    }

    let core: Mutex<Core>
    /// The devices in the order of their interfaces, the first behind interface 1.
    let links: [DeviceLink]
    /// The time that the host lives in.
    public let time: NetworkTime
    /// What its programs sleep on.
    public var clock: NetworkClock { alarm.clock }
    private let alarm: DriverAlarm
    private let running = Mutex<Bool>(false)

    /// - Parameters:
    ///   - configuration: The host's; its seed should be `SystemRandom.seed()`.
    ///   - links: What it is attached to.
    ///   - routes: Ways out beside the networks of the links.
    /// - Throws: `EMFILE` or `ENFILE` when no descriptor can be had.
    public convenience init(
        _ configuration: HostConfiguration, links: [DeviceLink], routes: [Route] = [],
        pools: BufferPools? = nil
    ) throws(SocketError) {
        let wakeUp: WakeUp
        do throws(DeviceError) {
            wakeUp = try WakeUp()
        } catch {
            throw SocketError(error.code, in: "eventfd")
        }
        try self.init(
            configuration, links: links, routes: routes, pools: pools, time: .system,
            alarm: .descriptor(wakeUp))
    }

    /// - Parameter alarm: Tells whoever calls `turn`.
    init(
        _ configuration: HostConfiguration, links: [DeviceLink], routes: [Route] = [],
        pools: BufferPools? = nil, time: NetworkTime, alarm: DriverAlarm
    ) throws(SocketError) {
        self.time = time
        self.alarm = alarm
        var host = Host(configuration, pools: pools)
        host.advance(to: time.now())
        for link in links { host.addInterface(link.configuration) }
        do throws(StackError) {
            for route in routes { try host.addRoute(route) }
        } catch {
            throw SocketError(error, in: "route")
        }
        self.links = links
        core = Mutex(Core(host: host))
    }

    // MARK: - Calls

    /// Works on the host under its lock, then sends what that called for and wakes whom it
    /// concerns.
    ///
    /// `body` must not call back into the driver.
    public func withHost<Result, Failure: Error>(
        _ body: (inout Host) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withCore { (core: inout Core) throws(Failure) -> Result in try body(&core.host) }
    }

    /// - Parameter isOwner: Whether who calls will look at the reports without being told.
    func withCore<Result, Failure: Error>(
        isOwner: Bool = false, _ body: (inout Core) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var woken: [(Waiter, Readiness)] = []
        var outcome: Swift.Result<Result, Failure>?
        // To let go of them may close sockets, which takes the lock.
        var released: [MessageAttachment] = []
        alarm.checkCaller()
        let (writes, alarmTime) = core.withLock { core in
            core.host.advance(to: time.now())
            do throws(Failure) {
                outcome = .success(try body(&core))
            } catch {
                outcome = .failure(error)
            }
            core.host.advance(to: core.host.now)
            let hasReports = collect(&core, into: &woken)
            if core.host.hasReleasedAttachments {
                released = core.host.takeReleasedAttachments()
            }
            let deadline = core.host.nextDeadline
            if hasReports, !isOwner { return (claimWriting(&core), core.host.now) }
            return (claimWriting(&core), deadline < core.sleepsUntil ? deadline : .never)
        }
        finish(woken, writes: writes)
        alarm.set(for: alarmTime)
        released.removeAll()
        guard let outcome else { preconditionFailure("the body ran") }
        return try outcome.get()
    }

    /// Moves what is ready from the host's list to whoever waits for it; whether something is left for
    /// the owner.
    @discardableResult
    private func collect(
        _ core: inout Core, into woken: inout [(Waiter, Readiness)]
    ) -> Bool {
        while let ready = core.host.nextReady() {
            core.waiters.take(ready.endpoint, ready.events, into: &woken)
            core.reports?.append(ready)
        }
        return core.reports?.isEmpty == false
    }

    private func finish(_ woken: [(Waiter, Readiness)], writes: Bool) {
        if writes { writeOutput() }
        for (waiter, events) in woken { waiter.resume(events) }
    }

    // MARK: - Packets out

    /// Whether the calling thread is to write: packets wait, and nobody does it already.
    private func claimWriting(_ core: inout Core) -> Bool {
        guard !core.isWriting, hasOutput(core) else { return false }
        core.isWriting = true
        return true
    }

    /// Whether packets wait for a device that takes them; one that is full is tried again by `turn`.
    private func hasOutput(_ core: borrowing Core) -> Bool {
        for number in links.indices
        where core.host.hasOutput(on: Self.interface(number)) && !links[number].isBlocked {
            return true
        }
        return false
    }

    /// The interface of a link: number 0 of a host is its loopback.
    private static func interface(_ number: Int) -> InterfaceID {
        InterfaceID(rawValue: number + 1)
    }

    /// Writes until nothing waits. Only one thread does, so that packets leave in their order.
    private func writeOutput() {
        repeat {
            for number in links.indices { writeOutput(of: number) }
        } while core.withLock { core in
            core.isWriting = hasOutput(core)
            return core.isWriting
        }
    }

    private func writeOutput(of number: Int) {
        let wroteAll = links[number].write { batch in
            core.withLock { core in
                while batch.count < Self.batchLimit,
                    let packet = core.host.nextOutput(on: Self.interface(number))
                {
                    batch.append(packet)
                }
            }
        }
        if !wroteAll || links[number].delaysOutput { alarm.set(for: time.now()) }
    }

    static var batchLimit: Int { 64 }

    // MARK: - Packets in

    /// Takes in what the devices have, runs the timers that are due and sends what that calls for;
    /// whether anything came.
    @discardableResult
    public func turn() -> Bool { takeTurn() > 0 }

    /// What `turn` does; how many packets came: fewer than `batchLimit` where no more wait.
    func takeTurn() -> Int {
        let now = time.now()
        var received = 0
        for number in links.indices {
            received += links[number].read(atMost: Self.batchLimit) { batch in
                guard !links[number].isWatched else { return take(&batch, of: number, at: now) }
                core.withLock { core in
                    while let packet = batch.popFirst() {
                        core.host.receive(packet, on: Self.interface(number), at: now)
                    }
                }
            }
        }
        var woken: [(Waiter, Readiness)] = []
        let writes = core.withLock { core in
            core.host.advance(to: now)
            collect(&core, into: &woken)
            return claimWriting(&core)
        }
        finish(woken, writes: writes)
        writeHeldUp(now)
        return received
    }

    /// Hands packets of a watched link to the host, and tells the watcher what it made of them.
    private func take(_ batch: inout Ring<Packet>, of number: Int, at now: Instant) {
        var reasons: [DropReason?] = []
        core.withLock { core in
            while let packet = batch.popFirst() {
                _ = core.host.takeLatestDrop()
                core.host.receive(packet, on: Self.interface(number), at: now)
                reasons.append(core.host.takeLatestDrop())
            }
        }
        links[number].tellWhatHostTook(reasons)
    }

    /// Tries again what a full device gave back, and writes what was delayed until now.
    private func writeHeldUp(_ now: Instant) {
        for number in links.indices
        where links[number].isBlocked(before: now) || links[number].hasDepartures(before: now) {
            let claims = core.withLock { core in
                defer { core.isWriting = true }
                return !core.isWriting
            }
            if claims { writeOutput() }
        }
    }

    /// When `turn` must be called at the latest.
    public var nextDeadline: Instant {
        var deadline = core.withLock { $0.host.nextDeadline }
        for link in links { deadline = min(deadline, link.nextDeadline) }
        return deadline
    }

    /// Descriptors that poll readable when `turn` has something to do; a simulation's host has
    /// none.
    public var descriptors: [CInt] {
        guard let own = alarm.descriptor else { return [] }
        return links.map(\.descriptor) + [own]
    }

    /// Takes note of a wake-up of `descriptors`; whoever drives the host itself calls it before it
    /// waits again.
    public func acknowledgeWakeUp() { alarm.acknowledge() }

    // MARK: - The thread

    /// Starts the thread that waits for the devices and timers; it runs until `stop`.
    ///
    /// - Throws: `EMFILE` when no descriptor can be had for it; `EALREADY` when it runs, and for a
    ///   simulation's host, which runs by itself.
    public func start() throws(SocketError) {
        let isFirst = running.withLock { running in
            defer { running = true }
            return !running
        }
        guard isFirst, alarm.descriptor != nil else {
            throw SocketError(StackError.alreadyInProgress.code, in: "start")
        }
        do throws(DeviceError) {
            let loop = try DriverLoop(descriptors)
            try SystemThread.start { [self] in run(loop) }
        } catch {
            throw SocketError(error.code, in: "start")
        }
    }

    /// Ends the driver's thread and resets what is open. Calls on sockets fail from then on.
    public func stop() {
        var woken: [(Waiter, Readiness)] = []
        withCore { core in
            core.isStopping = true
            core.host.abortAll()
            core.waiters.takeEveryone(into: &woken)
        }
        for (waiter, events) in woken { waiter.resume(events) }
        alarm.set(for: time.now())
    }

    private func run(_ loop: DriverLoop) {
        while true {
            while turn() {}
            let deadline = nextDeadline
            let isStopping = core.withLock { core in
                core.sleepsUntil = deadline
                return core.isStopping
            }
            guard !isStopping else { break }
            // What was scheduled between the two looks at the deadline is not slept through.
            if nextDeadline >= deadline { loop.wait(until: deadline) }
            acknowledgeWakeUp()
            core.withLock { $0.sleepsUntil = .zero }
        }
        running.withLock { $0 = false }
    }
}
