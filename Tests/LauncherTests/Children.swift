import Glibc

/// What a child process said and how it ended.
struct Outcome: Equatable {
    var output: String
    /// As a shell has it: the exit status, or 128 and the signal.
    var status: CInt

    var lines: [Substring] { output.split(separator: "\n") }
}

/// A child process whose standard output, and errors with it, go into a pipe.
final class Child {
    let process: pid_t
    private let output: CInt
    /// Its standard input; closing it tells a server to end.
    private var input: CInt

    /// Starts `arguments`, or returns nil where that fails.
    init?(_ arguments: [String]) {
        var out: [CInt] = [-1, -1]
        var into: [CInt] = [-1, -1]
        guard unsafe pipe(&out) == 0, unsafe pipe(&into) == 0 else { return nil }
        for number in out + into { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawn_file_actions_adddup2(&actions, into[0], 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, out[1], 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, out[1], 2)
        // The threads of a test run block signals, which a child would inherit.
        var attributes = posix_spawnattr_t()
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_init(&attributes)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var copies = unsafe arguments.map { unsafe strdup($0) }
        unsafe copies.append(nil)
        var process: pid_t = 0
        let error = unsafe posix_spawnp(
            &process, arguments[0], &actions, &attributes, copies, environ)
        unsafe copies.forEach { unsafe free($0) }
        unsafe posix_spawn_file_actions_destroy(&actions)
        unsafe posix_spawnattr_destroy(&attributes)
        close(out[1])
        close(into[0])
        output = out[0]
        input = into[1]
        self.process = process
        if error != 0 { return nil }
    }

    deinit {
        close(output)
        if input >= 0 { close(input) }
    }

    func closeInput() {
        close(input)
        input = -1
    }

    /// The next line of its output, nil at the end or after `seconds` without one.
    func line(within seconds: Int = 20) -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            var wait = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&wait, 1, CInt(seconds * 1_000)) == 1,
                unsafe read(output, &byte, 1) == 1
            else { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
    }

    /// Reads to the end of its output and waits for it. One that says nothing for `seconds` is
    /// killed, and so ends with 137.
    func finish(within seconds: Int = 60) -> Outcome {
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            var wait = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            if unsafe poll(&wait, 1, CInt(seconds * 1_000)) == 0 {
                kill(process, SIGKILL)
                break
            }
            let count = unsafe read(output, &chunk, chunk.count)
            guard count > 0 else { break }
            text.append(contentsOf: chunk[..<count])
        }
        var status: CInt = 0
        unsafe waitpid(process, &status, 0)
        let signal = status & 0x7F
        return Outcome(
            output: String(decoding: text, as: UTF8.self),
            status: signal == 0 ? status >> 8 & 0xFF : 128 + signal)
    }

    static func run(_ arguments: [String], within seconds: Int = 60) -> Outcome {
        Child(arguments)?.finish(within: seconds) ?? Outcome(output: "not started", status: 127)
    }
}
