public import Stack

/// Something that an event loop of its owner drives: it has no thread of its own.
///
/// The owner waits until one of `descriptors` polls readable or `nextDeadline` has come, then calls
/// `acknowledgeWakeUp`, and `turn` until nothing more comes.
public protocol EventSource: AnyObject {
    /// Descriptors that poll readable when `turn` has something to do; always the same.
    var descriptors: [CInt] { get }
    /// When `turn` must be called at the latest, on the system's monotonic clock.
    var nextDeadline: Instant { get }
    /// Does what there is to do, without waiting; whether anything came, so that it should be
    /// called again before the owner waits.
    func turn() -> Bool
    /// Takes note of a wake-up of `descriptors`, before `turn`.
    func acknowledgeWakeUp()
    /// Whether bytes that were given to it to be sent have not all arrived yet.
    var hasUnsent: Bool { get }
}

extension HostDriver: EventSource {}
