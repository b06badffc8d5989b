import Devices
import Glibc
import Sockets
import Stack

/// What `--progress` shows: throughput both ways and what is open, once a second, on one line of a
/// terminal's standard error, which is erased at the end.
final class Progress: EventSource {
    private let host: HostDriver
    private let write: (String) -> Void
    private var next: Instant
    private var last: InterfaceCounters
    private var lastTime: Instant

    private static let period = Interval.seconds(1)
    /// Back to the line's beginning, and erase what stands on it.
    private static let erasure = "\r\u{1B}[K"

    init(of host: HostDriver, to write: @escaping (String) -> Void) {
        self.host = host
        self.write = write
        lastTime = host.time.now()
        next = lastTime + Self.period
        last = Self.counters(host)
    }

    /// Whether there is a terminal to show it on.
    static var isPossible: Bool { isatty(STDERR_FILENO) != 0 }

    private static func counters(_ host: HostDriver) -> InterfaceCounters {
        host.withHost { $0.counters(of: InterfaceID(rawValue: 1)) }
    }

    // MARK: - Driving

    var descriptors: [CInt] { [] }
    var nextDeadline: Instant { next }
    var hasUnsent: Bool { false }
    func acknowledgeWakeUp() {}

    func turn() -> Bool {
        let now = host.time.now()
        guard now >= next else { return false }
        let counters = Self.counters(host)
        let time = max(.microseconds(1), now - lastTime)
        let sent = Self.rate(counters.sentBytes &- last.sentBytes, in: time)
        let received = Self.rate(counters.receivedBytes &- last.receivedBytes, in: time)
        let open = host.withHost { $0.connectionRecords.count }
        write(Self.erasure + "↑ \(sent)  ↓ \(received)  \(open) open")
        last = counters
        lastTime = now
        next = now + Self.period
        return false
    }

    /// Erases the line.
    func end() { write(Self.erasure) }

    /// Such as "1.2 Mbit/s".
    static func rate(_ bytes: UInt64, in time: Interval) -> String {
        let bits = Double(bytes) * 8e9 / Double(time.nanoseconds)
        let units: [(Double, String)] = [(1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s")]
        for (size, name) in units where bits >= size {
            let tenths = Int(bits / size * 10)
            return "\(tenths / 10).\(tenths % 10) \(name)"
        }
        return "\(Int(bits)) bit/s"
    }
}
