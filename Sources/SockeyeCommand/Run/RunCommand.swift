import Devices
import Glibc
import Launcher
import Setup
import Sockets

/// `sockeye run`: a program on Sockeye's stack.
struct RunCommand {
    private let options: RunOptions

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
        try RunCommand(options: options).run()
    }

    /// Runs the program and ends as it did.
    private func run() throws(CommandError) -> Never {
        if let reason = Interception.unavailability() {
            throw CommandError(message: "run: \(reason)", status: 125)
        }
        let launch = try ProgramLaunch(options.program)
        // Threads that are started while signals are held back leave them to the launcher.
        let signals = Signals(holding: Self.signals)
        let names = ProgramNames()
        let program: ProgramLookUp = { names.name(of: $0, localPort: $1) }
        let recorder = try recorder(program)
        let tally = options.statistics.map { _ in LinkTally(program: program) }
        let pools = RunNetwork.pools()
        let firewall = RunFence.firewall(
            options.rules, pools: pools, program: program, recorder, tally)
        let net = try RunNetwork(
            options, pools: pools, firewall: firewall,
            watcher: { LinkWatchers.of([recorder?.watcher(of: $0), tally]) })
        let statistics = options.statistics.flatMap { option in
            tally.map { RunStatistics(of: net.program, $0, option, program: program) }
        }
        let progress =
            options.showsProgress && Progress.isPossible
            ? Progress(of: net.program) { StandardStream.error.write($0) } : nil
        signals.release()
        let others: [(any EventSource)?] = [statistics, progress]
        let setting = net.setting(names, besides: others.compactMap { $0 })
        let status = try launch.run(on: setting) { signal in
            guard signal == SIGUSR1, let statistics else { return false }
            Self.attempt { () throws(CommandError) in try statistics.write() }
            return true
        }
        progress?.end()
        net.end()
        Self.attempt { () throws(CommandError) in
            try statistics?.write()
            try recorder?.close()
        }
        status.end()
    }

    /// Does what must not keep the program's status from being passed on.
    private static func attempt(_ body: () throws(CommandError) -> Void) {
        do throws(CommandError) {
            try body()
        } catch {
            Terminal.error("sockeye: \(error.message)")
        }
    }

    private static let signals = [
        SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGWINCH, SIGUSR1, SIGUSR2,
    ]

    private func recorder(_ program: @escaping ProgramLookUp) throws(CommandError) -> LinkRecorder?
    {
        guard options.capture != nil || options.prints else { return nil }
        let printer = options.prints ? PacketPrinter(.ethernet) { Terminal.error($0) } : nil
        return try LinkRecorder(
            path: options.capture, links: RunAddresses.interfaces, printer: printer,
            program: program)
    }
}
