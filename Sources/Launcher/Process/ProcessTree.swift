import CLinux
import Glibc

/// The program and everything it has started, down to the daemons: as their subreaper we are told
/// of the end of each, and wait for the last.
struct ProcessTree {
    private let program: pid_t
    private let signals: Descriptor
    /// How the program itself ended; until it has, as if it had been lost.
    private(set) var status = ProgramStatus.exited(127)
    private var programHasEnded = false
    /// Whether no process is left.
    private(set) var isEmpty = false

    /// Signals that are passed on, and SIGCHLD. Signals of the terminal's keys reach the program
    /// without us; we must only not die of them.
    static let handledSignals: [CInt] = [
        SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCONT, SIGTSTP,
    ]

    init(program: pid_t, signals: Descriptor) {
        self.program = program
        self.signals = signals
    }

    /// Handles every signal that has come since the last time.
    mutating func takeSignals() {
        var signal = clinux_signal()
        // Written during the call only.
        while unsafe clinux_next_signal(signals.number, &signal) == 1 {
            if signal.number != SIGCHLD && signal.is_from_kernel == 0 { forward(signal.number) }
        }
        reap()
    }

    /// To the program, or when it has ended to those it has left behind.
    private func forward(_ signal: CInt) {
        guard programHasEnded else {
            kill(program, signal)
            return
        }
        let children = Directory.text(of: "/proc/self/task/\(getpid())/children")
        for child in children.split(separator: " ") {
            if let child = pid_t(child) { kill(child, signal) }
        }
    }

    private mutating func reap() {
        var report = clinux_child_report()
        while true {
            // Written during the call only.
            let result = unsafe clinux_reap(&report)
            if result == -ECHILD { isEmpty = true }
            guard result == 1 else { return }
            if report.process == program { note(report) }
        }
    }

    private mutating func note(_ report: clinux_child_report) {
        switch clinux_child_change(rawValue: UInt32(bitPattern: report.change)) {
        case CLINUX_CHILD_EXITED:
            status = .exited(report.value)
            programHasEnded = true
        case CLINUX_CHILD_KILLED:
            status = .killed(report.value)
            programHasEnded = true
        case CLINUX_CHILD_STOPPED:
            // The shell sees the job stop when we do, and continues us both.
            raise(SIGSTOP)
        default: break
        }
    }
}
