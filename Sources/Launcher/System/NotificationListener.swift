import CLinux
import Glibc
import Sockets

/// The descriptor through which the filter reports calls and takes answers (seccomp_unotify(2)).
struct NotificationListener {
    private let descriptor: Descriptor

    init(_ descriptor: Descriptor) {
        self.descriptor = descriptor
        clinux_seccomp_prefer_same_processor(descriptor.number)
    }

    var number: CInt { descriptor.number }

    /// The next call, nil when its caller was interrupted before it could be taken.
    func receive() -> SystemCall? {
        var notification = clinux_notification()
        // The structure is written during the call only.
        guard unsafe clinux_seccomp_receive(number, &notification) == 0 else { return nil }
        return SystemCall(notification)
    }

    /// Whether the caller still waits for its answer.
    func isWaiting(_ call: SystemCall) -> Bool {
        clinux_seccomp_is_valid(number, call.id) == 0
    }

    /// Whether the answer reached the caller; it does not where a signal came first.
    @discardableResult
    func answer(_ call: SystemCall, _ value: Int64) -> Bool {
        clinux_seccomp_answer(number, call.id, value, 0) == 0
    }

    @discardableResult
    func refuse(_ call: SystemCall, _ error: SocketError) -> Bool {
        clinux_seccomp_answer(number, call.id, 0, error.code) == 0
    }

    /// Lets the kernel do what was asked.
    func carryOn(_ call: SystemCall) {
        _ = clinux_seccomp_continue(number, call.id)
    }

    /// Answers with a new descriptor of the caller's, which refers to the same file as ours.
    func answer(_ call: SystemCall, injecting ours: CInt, closeOnExec: Bool) throws(SocketError) {
        let result = clinux_seccomp_add_descriptor(number, call.id, ours, closeOnExec ? 1 : 0)
        guard result >= 0 else { throw SocketError(-result) }
    }

    /// Makes the caller's descriptor `theirs` refer to the same file as ours; the call still waits.
    func replace(_ call: SystemCall, _ theirs: CInt, by ours: CInt, closeOnExec: Bool)
        throws(SocketError)
    {
        let result = clinux_seccomp_replace_descriptor(
            number, call.id, ours, theirs, closeOnExec ? 1 : 0)
        guard result >= 0 else { throw SocketError(-result) }
    }
}
