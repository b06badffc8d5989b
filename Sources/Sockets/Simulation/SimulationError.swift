import Stack

/// Why a simulated program came to nothing, apart from its own errors.
public enum SimulationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// How something outside of the simulation took part in it.
    public enum Escape: Equatable, Sendable {
        /// A socket or clock of the simulation was called by a task or thread outside of it.
        case call
        /// A task of the simulation waited for something outside of it.
        case resumption
    }

    /// The program waits, and nothing is left that could happen: at which moment of virtual time,
    /// and what the sockets are that it waits on.
    case deadlock(Instant, waiting: [String])
    /// The program had not ended when the time that it was given had passed.
    case timeLimit(Instant, waiting: [String])
    /// The program left the simulation, so that its result may be another with the next run.
    case escaped(Escape)
    /// The simulation runs a program already.
    case isRunning

    public var description: String {
        switch self {
        case .deadlock(let moment, let waiting):
            "deadlock at \(Self.text(moment)): the program waits and nothing is left to happen; "
                + Self.text(waiting)
        case .timeLimit(let moment, let waiting):
            "the program had not ended at \(Self.text(moment)); " + Self.text(waiting)
        case .escaped(.call):
            "a socket or clock of the simulation was called from outside of it: tasks of Task {}, "
                + "Task.detached, other actors' and the caller's threads leave its virtual time; "
                + "use child tasks (async let, task groups)"
        case .escaped(.resumption):
            "a task of the simulation waited for something outside of it (Task {}, Task.sleep, "
                + "another executor's actor, a callback of the system's), which takes no part in "
                + "virtual time; use child tasks and the network's clock"
        case .isRunning: "the simulation runs a program already"
        }
    }

    private static func text(_ moment: Instant) -> String {
        let milliseconds = moment.nanoseconds / 1_000_000
        let fraction = String(milliseconds % 1000 + 1000).dropFirst()
        return "\(milliseconds / 1000).\(fraction) s"
    }

    private static func text(_ waiting: [String]) -> String {
        waiting.isEmpty
            ? "no socket is waited on" : "waiting: " + waiting.joined(separator: ", ")
    }
}
