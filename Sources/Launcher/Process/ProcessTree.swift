import CLinux
import Glibc

/// The program and everything it has started, down to the daemons: the guardian, or where that is
/// gone we as their subreaper, are told of the end of each, and wait for the last.
struct ProcessTree {
    private let program: pid_t
    private let guarded: GuardedProgram
    private let events: TreeEvents
    /// How the program itself ended; until it has, as if it had been lost.
    private(set) var status = ProgramStatus.exited(127)
    private var programHasEnded = false
    /// Whether no process is left.
    private(set) var isEmpty = false

    init(program: ProgramProcess, events: TreeEvents) {
        self.program = program.process
        guarded = program.guarded
        self.events = events
    }

    /// Handles every signal and every report of the guardian's that has come since the last time.
    mutating func takeSignals() {
        takeReports()
        var signal = clinux_signal()
        // Written during the call only.
        while unsafe clinux_next_signal(events.signals.number, &signal) == 1 {
            if mustBePassedOn(signal), !events.takes(signal.number) { forward(signal.number) }
        }
        reap()
    }

    /// Those that another process has sent to us alone: the terminal's keys mean its whole
    /// foreground group, and a program that sends a signal to its group is in the tree.
    private func mustBePassedOn(_ signal: clinux_signal) -> Bool {
        signal.number != SIGCHLD && signal.number != SIGPIPE && signal.is_from_kernel == 0
            && !isInTree(signal.sender)
    }

    private func isInTree(_ process: pid_t) -> Bool {
        var ancestor = process
        for _ in 0..<64 {
            if ancestor <= 1 || ancestor == getpid() { return false }
            if ancestor == program || ancestor == guarded.guardian.process { return true }
            guard let parent = Directory.parent(of: ancestor) else { return false }
            ancestor = parent
        }
        return false
    }

    /// To the program, or when it has ended to those it has left behind.
    private func forward(_ signal: CInt) {
        guard programHasEnded else {
            kill(program, signal)
            return
        }
        let parent = guarded.isGuarded ? guarded.guardian.process : getpid()
        for child in Directory.children(of: parent) { kill(child, signal) }
    }

    private mutating func takeReports() {
        while let report = guarded.report() {
            if report.change == CLINUX_CHILD_NONE.rawValue {
                isEmpty = true
            } else {
                note(report)
            }
        }
    }

    /// Our own children: the guardian, and when that is gone those that it has left to us.
    private mutating func reap() {
        var report = clinux_child_report()
        while true {
            // Written during the call only.
            let result = unsafe clinux_reap(&report)
            if result == -ECHILD { isEmpty = true }
            guard result == 1 else { return }
            if report.process == program {
                note(report)
            } else if report.process == guarded.guardian.process, report.isEnd {
                takeReports()
                guarded.noteLoss()
            }
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

extension clinux_child_report {
    fileprivate var isEnd: Bool {
        change == CLINUX_CHILD_EXITED.rawValue || change == CLINUX_CHILD_KILLED.rawValue
    }
}
