import Glibc
import Memory
import Sockets

extension Supervisor {
    /// How often calls that wait are looked at, to see those that a signal has interrupted:
    /// the kernel does not report them.
    private var inspectionInterval: Int64 { 50_000_000 }

    /// Leaves a call waiting, until `deadline` unless it waited before and has one.
    /// The call fails then with `code`.
    func park(
        _ call: SystemCall, _ index: SlabIndex, until deadline: Int64?, orElse code: CInt = EAGAIN
    ) -> Reply {
        registry[index].waits.append(
            WaitingCall(
                call: call, deadline: deadlineInForce ?? deadline, timeoutError: SocketError(code)))
        waitingSockets.insert(index)
        return .parked
    }

    /// The time that a limit of SO_RCVTIMEO or SO_SNDTIMEO on the program's socket sets.
    func deadline(_ program: Descriptor, _ option: CInt) -> Int64? {
        SocketFile.timeLimit(program.number, option).map { MonotonicClock.now &+ $0 }
    }

    var nextWaitDeadline: Int64? {
        waitingSockets.isEmpty ? nil : MonotonicClock.now &+ nextInspection
    }

    /// Until the next deadline, or the next inspection if that is earlier.
    private var nextInspection: Int64 {
        let now = MonotonicClock.now
        var least = inspectionInterval
        for index in waitingSockets {
            for wait in registry[index].waits {
                if let deadline = wait.deadline { least = min(least, max(deadline &- now, 0)) }
            }
        }
        return least
    }

    /// Ends the waits whose time has come and forgets those that were interrupted.
    func serveWaits() {
        guard !waitingSockets.isEmpty else { return }
        let now = MonotonicClock.now
        for index in Array(waitingSockets) {
            let waits = registry[index].waits
            var kept: [WaitingCall] = []
            for wait in waits where listener.isWaiting(wait.call) {
                if let deadline = wait.deadline, deadline <= now {
                    listener.refuse(wait.call, wait.timeoutError)
                } else {
                    kept.append(wait)
                }
            }
            registry[index].waits = kept
            if kept.contains(where: { $0.call.name == .sendto || $0.call.name == .sendmsg }) {
                retryWaits(index)
            }
            if kept.isEmpty { waitingSockets.remove(index) }
            if kept.count < waits.count { connectWaitEnded(index) }
        }
    }

    /// Tries again every call that waits for this socket.
    func retryWaits(_ index: SlabIndex) {
        let waits = takeWaits(index)
        for wait in waits {
            deadlineInForce = .some(wait.deadline)
            answer(wait.call)
            deadlineInForce = nil
        }
    }

    /// Takes the calls that wait for this socket, to be answered by the caller.
    func takeWaits(_ index: SlabIndex) -> [WaitingCall] {
        let waits = registry[index].waits
        registry[index].waits = []
        waitingSockets.remove(index)
        return waits
    }
}
