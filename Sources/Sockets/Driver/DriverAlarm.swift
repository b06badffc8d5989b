import Devices
import Stack

/// How whoever drives a host learns that it has something to do earlier than was known.
enum DriverAlarm: Sendable {
    /// The driver's thread, or an event loop, polls a descriptor.
    case descriptor(WakeUp)
    /// A simulation keeps an agenda, in which the host has a number.
    case agenda(Agenda, Int)

    /// Tells that `turn` is to be called at `moment`; does nothing where that is never.
    func set(for moment: Instant) {
        guard moment != .never else { return }
        switch self {
        case .descriptor(let wakeUp): wakeUp.signal()
        case .agenda(let agenda, let member): agenda.schedule(member, at: moment)
        }
    }

    /// What the host's programs sleep on.
    var clock: NetworkClock {
        switch self {
        case .descriptor: .system
        case .agenda(let agenda, _): NetworkClock(agenda)
        }
    }

    /// Has a simulation notice who calls from outside of it.
    @inline(__always)
    func checkCaller() {
        if case .agenda(let agenda, _) = self { agenda.checkCaller() }
    }

    /// Polls readable once the alarm was set; nil in a simulation.
    var descriptor: CInt? {
        switch self {
        case .descriptor(let wakeUp): wakeUp.descriptor
        case .agenda: nil
        }
    }

    /// Takes note of the alarm.
    func acknowledge() {
        if case .descriptor(let wakeUp) = self { wakeUp.drain() }
    }
}
