import CLinux
import Glibc
import Sockets

/// What the process tree is minded by: signals to this process, and the guardian's reports.
struct TreeEvents {
    let signals: Descriptor
    /// Readable when there is something of either.
    private let either: Descriptor
    /// Asked about each signal that would be passed on to the program: whether it was for us.
    let takes: (CInt) -> Bool

    /// Signals that are passed on, SIGCHLD, and SIGPIPE, which must only not kill us. Signals of the
    /// terminal's keys reach the program without us; we must only not die of them.
    static let handledSignals: [CInt] = [
        SIGCHLD, SIGPIPE, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH,
        SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU,
    ]

    /// Must be there, and the signals blocked, before the program starts, so that no end of a
    /// process is missed.
    init(of guarded: GuardedProgram, takes: @escaping (CInt) -> Bool) throws(SocketError) {
        self.takes = takes
        let result = clinux_become_subreaper()
        guard result == 0 else { throw SocketError(-result) }
        var handled = SignalMask.set(of: Self.handledSignals)
        // Read during the call only.
        signals = try unsafe Descriptor(result: clinux_signal_descriptor(&handled))
        either = try Descriptor(result: clinux_epoll_create())
        for number in [signals.number, guarded.guardian.socket] {
            let error = clinux_epoll_control(
                either.number, CInt(CLINUX_ADD.rawValue), number, 0, CLINUX_READABLE.rawValue)
            guard error == 0 else { throw SocketError(-error) }
        }
    }

    /// What to wait for.
    var number: CInt { either.number }
}
