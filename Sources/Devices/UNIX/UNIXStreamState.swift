import CLinux
import Glibc
import Memory
import Stack

/// The way in of a `UNIXStreamLink`, and its comings and goings.
struct UNIXStreamState: ~Copyable {
    let label: String
    /// The connection to the peer; nil while there is none.
    private(set) var connection: Int32?
    /// The link's peer has gone, and no other is waited for.
    private(set) var hasEnded = false
    private(set) var counters = DeviceCounters()
    private let ending: UNIXStreamLink.Ending
    /// Where a client connects to.
    private let address: UNIXAddress
    /// What a server listens on.
    private var listener: Int32?
    private var path: BoundPath?
    private let pools: BufferPools
    private let poller: Poller
    private var records = RecordReader()
    private var nextAttempt = Instant.never
    /// A round of reading ended before there was nothing to be read.
    private var isInterrupted = false

    init(
        _ path: String, _ ending: UNIXStreamLink.Ending, _ pools: BufferPools
    ) throws(DeviceError) {
        let label = "UNIX stream socket \(path)"
        let poller = try Poller()
        address = try Self.address(path, label)
        self.poller = consume poller
        self.label = label
        self.ending = ending
        self.pools = pools
    }

    private static func address(
        _ path: String, _ label: String
    ) throws(DeviceError) -> UNIXAddress {
        do throws(SystemFailure) {
            return try UNIXAddress(path)
        } catch {
            throw DeviceError(
                operation: "open \(label)", code: error.code,
                advice: UNIXStreamLink.bindingAdvice(error.code))
        }
    }

    deinit {
        if let connection { close(connection) }
        if let listener { close(listener) }
    }

    var descriptor: Int32 { poller.descriptor }

    /// When there is something to do that the descriptor does not tell of.
    var deadline: Instant {
        if connection != nil { return records.isReady || isInterrupted ? .zero : .never }
        return nextAttempt
    }

    // MARK: - Frames

    /// How often one call reads from the connection: a peer that sends nothing of use, and that
    /// without end, does not hold the caller.
    private static var readLimit: Int { 16 }

    /// The next frame, nil when there is none. `changed` is told of a connection that comes or
    /// goes.
    mutating func next(_ changed: (Int32?) -> Void) -> Packet? {
        isInterrupted = false
        var reads = 0
        while true {
            guard let connection else {
                guard connectNext() else { return nil }
                changed(self.connection)
                continue
            }
            switch records.next(from: pools) {
            case .packet(let packet): return packet
            case .noMemory: counters.memoryDrops &+= 1
            case .empty: counters.badHeaders &+= 1
            case .lie:
                counters.badHeaders &+= 1
                disconnect(changed)
            case .incomplete:
                guard reads < Self.readLimit else {
                    isInterrupted = true
                    return nil
                }
                reads &+= 1
                let count = records.fill(from: connection)
                if count == 0 &- Int(EAGAIN) { return nil }
                if count <= 0 { disconnect(changed) }
            }
        }
    }

    // MARK: - Peers

    /// Listens at the path from now on.
    mutating func listen(_ path: String) throws(DeviceError) {
        let descriptor = clinux_unix_socket(1)
        do throws(SystemFailure) {
            guard descriptor >= 0 else { throw SystemFailure(code: 0 &- descriptor) }
            listener = descriptor
            self.path = try BoundPath(descriptor, UNIXAddress(path), isStream: true)
            let result = clinux_unix_listen(descriptor)
            guard result == 0 else { throw SystemFailure(code: 0 &- result) }
        } catch {
            throw DeviceError(
                operation: "listen on \(label)", code: error.code,
                advice: UNIXStreamLink.bindingAdvice(error.code))
        }
        try poller.add(descriptor, token: 0)
    }

    /// Uses a connection that was made already.
    mutating func take(_ stream: LocalStream) throws(DeviceError) {
        let copy = fcntl(stream.descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw DeviceError(operation: "open \(label)", code: errno) }
        _ = fcntl(copy, F_SETFL, O_NONBLOCK)
        guard watch(copy) else {
            close(copy)
            throw DeviceError(operation: "open \(label)", code: ENOSPC)
        }
        connection = copy
    }

    /// Connects for the first time.
    mutating func connectFirst() throws(DeviceError) {
        do throws(SystemFailure) {
            connection = try connected()
        } catch {
            let mayCome =
                error.code == ENOENT || error.code == ECONNREFUSED
                || error.code == EAGAIN
            guard ending == .waitsForNext, mayCome else {
                throw DeviceError(
                    operation: "connect to \(label)", code: error.code,
                    advice: mayCome ? "nobody listens there" : "")
            }
            nextAttempt = MonotonicClock.now() + .seconds(1)
        }
    }

    /// A connection to the server, which the poller watches.
    private func connected() throws(SystemFailure) -> Int32 {
        let descriptor = clinux_unix_socket(1)
        guard descriptor >= 0 else { throw SystemFailure(code: 0 &- descriptor) }
        let result = unsafe clinux_unix_connect(descriptor, address.raw)
        guard result == 0, watch(descriptor) else {
            close(descriptor)
            throw SystemFailure(code: result == 0 ? ENOSPC : 0 &- result)
        }
        return descriptor
    }

    /// Gives up the path, whose file is removed; who is connected stays.
    mutating func giveUpPath() { path = nil }

    private func watch(_ descriptor: Int32) -> Bool {
        do throws(DeviceError) { try poller.add(descriptor, token: 0) } catch { return false }
        return true
    }

    private func unwatch(_ descriptor: Int32) {
        // It was added, and what is closed leaves the poller anyway.
        do throws(DeviceError) { try poller.remove(descriptor) } catch {}
    }

    /// Takes the peer that waits, or tries to reach one if it is time; whether there is one now.
    private mutating func connectNext() -> Bool {
        guard !hasEnded else { return false }
        if let listener { return accept(listener) }
        let now = MonotonicClock.now()
        guard nextAttempt <= now else { return false }
        do throws(SystemFailure) {
            connection = try connected()
            nextAttempt = .never
            return true
        } catch {
            nextAttempt = now + .seconds(1)
            return false
        }
    }

    private mutating func accept(_ listener: Int32) -> Bool {
        let result = clinux_unix_accept(listener)
        guard result >= 0 else { return false }
        guard watch(result) else {
            close(result)
            return false
        }
        // Who comes meanwhile waits in the system's queue, and shall not wake anybody.
        unwatch(listener)
        connection = result
        return true
    }

    private mutating func disconnect(_ changed: (Int32?) -> Void) {
        guard let connection else { return }
        changed(nil)
        unwatch(connection)
        close(connection)
        self.connection = nil
        records.removeAll()
        guard ending == .waitsForNext else {
            hasEnded = true
            return
        }
        if let listener {
            _ = watch(listener)
        } else {
            nextAttempt = MonotonicClock.now() + .seconds(1)
        }
    }
}
