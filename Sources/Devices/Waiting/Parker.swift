import CLinux
import Glibc
import Stack
import Synchronization

/// Blocks one thread until another wakes it: a futex with a token that is not lost.
///
/// `unpark` leaves a token, `park` waits for it and takes it along; one that was left before is
/// taken at once.
@safe
public final class Parker: Sendable {
    private enum State {
        static var idle: UInt32 { 0 }
        static var token: UInt32 { 1 }
        static var sleeping: UInt32 { 2 }
    }

    /// At an address of its own, since the kernel is told of it; freed only with the object, which
    /// both callers hold.
    private nonisolated(unsafe) let state: UnsafeMutablePointer<Atomic<UInt32>>

    public init() {
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(to: Atomic(State.idle))
    }

    deinit { unsafe state.deallocate() }

    /// An atomic is stored as the plain value.
    private var word: UnsafeMutablePointer<UInt32> {
        unsafe UnsafeMutableRawPointer(state).assumingMemoryBound(to: UInt32.self)
    }

    /// How a wait ended.
    public enum Outcome: Sendable {
        case unparked
        case timedOut
        /// A signal was taken meanwhile, by a handler that does not restart calls.
        case interrupted
    }

    /// Waits for a token until `deadline`; whether it came. Only one thread at a time may.
    public func park(until deadline: Instant = .never) -> Bool {
        while true {
            switch parkInterruptibly(until: deadline) {
            case .unparked: return true
            case .timedOut: return false
            case .interrupted: continue
            }
        }
    }

    /// Waits for a token until `deadline` or a signal. Only one thread at a time may.
    public func parkInterruptibly(until deadline: Instant = .never) -> Outcome {
        while true {
            let taken = unsafe state.pointee.compareExchange(
                expected: State.token, desired: State.idle, ordering: .acquiring)
            if taken.exchanged { return .unparked }
            let sleeps = unsafe state.pointee.compareExchange(
                expected: State.idle, desired: State.sleeping, ordering: .relaxed)
            if !sleeps.exchanged, sleeps.original == State.token { continue }
            let result = unsafe clinux_futex_wait(
                word, State.sleeping, max(0, deadline.nanoseconds))
            guard result == 0 &- ETIMEDOUT || result == 0 &- EINTR else { continue }
            let last = unsafe state.pointee.exchange(State.idle, ordering: .acquiring)
            if last == State.token { return .unparked }
            return result == 0 &- EINTR ? .interrupted : .timedOut
        }
    }

    /// Leaves a token and wakes the thread that waits for it.
    public func unpark() {
        let before = unsafe state.pointee.exchange(State.token, ordering: .releasing)
        if before == State.sleeping { unsafe clinux_futex_wake(word) }
    }
}
