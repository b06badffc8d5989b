import Glibc

/// Signals that are waited for instead of interrupting anything.
public struct Signals: Sendable {
    private let numbers: [CInt]

    /// Holds back `numbers` from this thread and those it starts. POSIX `pthread_sigmask`.
    public init(holding numbers: [CInt]) {
        self.numbers = numbers
        var set = Self.set(of: numbers)
        _ = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Lets them through again on this thread.
    public func release() {
        var set = Self.set(of: numbers)
        _ = unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// Waits for one of them; which it was. POSIX `sigwait`.
    public func wait() -> CInt {
        var set = Self.set(of: numbers)
        var number: CInt = 0
        while unsafe sigwait(&set, &number) != 0 {}
        return number
    }

    private static func set(of numbers: [CInt]) -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in numbers { unsafe sigaddset(&set, number) }
        return set
    }
}
