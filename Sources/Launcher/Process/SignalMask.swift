import CLinux
import Glibc

/// The signals that a thread does not take, set for a while and put back.
enum SignalMask {
    /// Blocks `signals`; what was blocked before.
    static func block(_ signals: [CInt]) -> sigset_t {
        var added = Self.set(of: signals)
        var before = sigset_t()
        // Both are used during the call only.
        unsafe pthread_sigmask(SIG_BLOCK, &added, &before)
        return before
    }

    /// What is blocked now.
    static var current: sigset_t { block([]) }

    /// One of `signals` that is held back and would have come.
    static func pending(of signals: [CInt]) -> CInt? {
        var set = sigset_t()
        // Both are used during the calls only.
        guard unsafe sigpending(&set) == 0 else { return nil }
        return signals.first { unsafe sigismember(&set, $0) == 1 }
    }

    static func restore(_ mask: sigset_t) {
        var mask = mask
        // Read during the call only.
        unsafe pthread_sigmask(SIG_SETMASK, &mask, nil)
    }

    static func set(of signals: [CInt]) -> sigset_t {
        var set = sigset_t()
        // The set is ours.
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal) }
        return set
    }
}
