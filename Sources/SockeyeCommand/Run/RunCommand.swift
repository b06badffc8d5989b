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
    private let options: RunOptions
    private var program: [String] { options.program }

    /// Does what the command line asks for; the exit status.
    static func start(_ arguments: consuming Arguments) throws(CommandError) -> Int32 {
        let isEmpty = arguments.rest.isEmpty
        let options = try RunOptions(arguments)
        if options.wantsHelp {
            Terminal.print(help)
            return 0
        }
        if isEmpty {
            Terminal.error(lesson)
            return 2
        }
        guard !options.program.isEmpty else {
            throw .usage(
                "run: the program is missing behind the options, such as in: "
                    + "sockeye run --loss 2% curl http://services.sockeye/")
        }
        try options.checkPossible()
        return try RunCommand(options: options).run()
    }

    func run() throws(CommandError) -> Int32 {
        if let reason = Interception.unavailability() {
            throw CommandError(message: "run: \(reason)", status: 125)
        }
        // Threads that are started while signals are held back leave them to the launcher.
        let signals = Signals(holding: [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGWINCH])
        let printer = options.prints ? PacketPrinter(.ethernet) { Terminal.error($0) } : nil
        let recording = try Recording(path: options.capture, printer: printer)
        let net = try BuiltInNetwork(
            options.impairments, seed: options.seed, mtu: options.mtu,
            segments: !options.prints, observer: recording.observer)
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
        if options.statistics != nil { Statistics.print(net.program, to: Terminal.error) }
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
