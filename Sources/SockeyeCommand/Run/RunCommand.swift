import Devices
import Equipment
import Glibc
import Launcher
import Memory
import Services
import Setup
import Sockets
import Stack
import Wire

/// `sockeye run`: a program on Sockeye's stack.
struct RunCommand {
    private var capture: String?
    private var shows = false
    private var impairments = ImpairmentOptions()
    private var seed: UInt64?
    private var showsStatistics = false
    private var program: [String] = []

    init(_ arguments: consuming Arguments) throws(CommandError) {
        while let option = arguments.nextOption() {
            if try impairments.take(option, &arguments) { continue }
            switch option {
            case "--capture": capture = try arguments.value(of: option, "a file")
            case "--show": shows = true
            case "--seed":
                seed = try arguments.value(of: option, "a number from 0 to 2⁶⁴ − 1") { UInt64($0) }
            case "--stats": showsStatistics = true
            default: throw arguments.unknown(option)
            }
        }
        program = arguments.rest
        guard !program.isEmpty else { throw .usage("run: which PROGRAM?") }
    }

    func run() throws(CommandError) -> Int32 {
        if let reason = Interception.unavailability() {
            throw CommandError(message: "run: \(reason)", status: 125)
        }
        // Threads that are started while signals are held back leave them to the launcher.
        let signals = Signals(holding: [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGWINCH])
        let printer = shows ? PacketPrinter(.ethernet) { Terminal.error($0) } : nil
        let recording = try Recording(path: capture, printer: printer)
        let net = try BuiltInNetwork(
            impairments, seed: seed, segments: !shows, observer: recording.observer)
        signals.release()
        let status: Int32
        do throws(LaunchError) {
            status = try Interception.run(
                program, on: ProgramNetwork(Network(net.program), sources: [net.program])
            ).shellStatus
        } catch {
            throw CommandError(
                message: "run: \(Self.explain(error, program[0]))", status: error.shellStatus)
        }
        net.end()
        if showsStatistics { Statistics.print(net.program, to: Terminal.error) }
        try recording.close()
        return status
    }

    private static func explain(_ error: LaunchError, _ program: String) -> String {
        switch error {
        case .cannotExecute(let cause):
            "cannot execute '\(program)': \(SocketError(cause.code, in: "execve"))"
        case .unavailable(let reason): reason
        case .system(let cause): "\(SocketError(cause.code, in: "launch"))"
        }
    }
}
