import Devices
import Glibc
import Stack

/// Whether a descriptor is readable within `milliseconds`.
func isReadable(_ descriptor: Int32, within milliseconds: Int32 = 0) -> Bool {
    var query = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&query, 1, milliseconds) == 1 && query.revents & Int16(POLLIN) != 0
}

/// A shell command that runs beside the test.
@safe
final class Command {
    private let stream: UnsafeMutablePointer<FILE>?

    init(_ command: String) { unsafe stream = popen("exec 2>&1; \(command)", "re") }

    /// Waits for its end; what it printed, nil when it failed. To be called once.
    func finish() -> String? {
        guard let stream = unsafe stream else { return nil }
        var output: [UInt8] = []
        while case let byte = unsafe fgetc(stream), byte != EOF { output.append(UInt8(byte)) }
        return unsafe pclose(stream) == 0 ? String(decoding: output, as: UTF8.self) : nil
    }
}

/// Runs a shell command to its end; what it printed, nil when it failed.
@discardableResult
func shell(_ command: String) -> String? { Command(command).finish() }

/// A thread that a test waits for.
final class Worker: Sendable {
    private let done = Parker()

    init(_ body: @escaping @Sendable () -> Void) throws {
        try SystemThread.start { [done] in
            body()
            done.unpark()
        }
    }

    /// Whether it ended within `limit`.
    func ends(within limit: Interval = .seconds(60)) -> Bool {
        done.park(until: MonotonicClock.now() + limit)
    }
}

/// A name for a file that is removed with the object.
final class ScratchFile {
    let path: String

    init(_ suffix: String) {
        path = "/tmp/sockeye-devices-\(getpid())-\(SystemRandom.seed().0).\(suffix)"
    }

    deinit { unsafe unlink(path) }

    var contents: [UInt8] {
        guard let stream = unsafe fopen(path, "re") else { return [] }
        defer { unsafe fclose(stream) }
        var bytes: [UInt8] = []
        while case let byte = unsafe fgetc(stream), byte != EOF { bytes.append(UInt8(byte)) }
        return bytes
    }
}
