import CLinux
import Glibc
import Memory

/// An answer that changed what the next one would be: the success of a connect, or an error that is
/// reported once.
///
/// When a signal comes in just as the answer is given, the kernel takes the answer and starts the
/// call again all the same. Such a call must then get the answer that was lost.
struct LastAnswer {
    let call: SystemCall
    let reply: Reply
    /// The name that it was called with.
    let name: [UInt8]
    /// When it was given, in nanoseconds of CLOCK_MONOTONIC.
    let time: Int64
    /// How often it may be given again: each time it may be lost again.
    var repetitions = 16
}

extension Supervisor {
    /// Remembers an answer until the thread's next call.
    func remember(_ reply: Reply, to call: SystemCall) {
        // Threads come and go, and nobody says so.
        if lastAnswers.count >= 1_024 { lastAnswers.removeAll() }
        lastAnswers[call.thread] = LastAnswer(
            call: call, reply: reply, name: peerName(of: call), time: MonotonicClock.now)
    }

    /// The answer that `call` had already, if it is the same call started again after a signal.
    ///
    /// Whether it is, or the program calls once more by itself, cannot be told where the process
    /// has handlers for signals. Then it gets the old answer again, within the time that a restart takes.
    func lostAnswer(to call: SystemCall) -> Reply? {
        guard var last = lastAnswers.removeValue(forKey: call.thread),
            call.isRepetition(of: last.call), last.repetitions > 0,
            MonotonicClock.now &- last.time < Self.restartLimit, peerName(of: call) == last.name,
            clinux_catches_signals(call.thread) == 1
        else { return nil }
        last.repetitions -= 1
        // Threads come and go, and nobody says so.
        if lastAnswers.count >= 1_024 { lastAnswers.removeAll() }
        lastAnswers[call.thread] = last
        return last.reply
    }

    /// A call that is started again is so at once, but for the handler of the signal.
    private static var restartLimit: Int64 { 20_000_000 }

    private func peerName(of call: SystemCall) -> [UInt8] {
        guard call.name == .connect else { return [] }
        return (try? call.memory.bytes(min(Int(call.int(2)), 128), at: call.word(1))) ?? []
    }
}
