import CLinux
import Glibc
import Stack

/// One look at several descriptors, with or without waiting: `poll`.
public enum DescriptorPoll {
    /// A descriptor, what is asked of it and what it answers, in the bits of `poll`.
    public struct Entry: Sendable {
        /// Below 0 to pass it over.
        public let descriptor: Int32
        public let events: Int16
        public internal(set) var answer: Int16 = 0

        public init(_ descriptor: Int32, _ events: Int16) {
            self.descriptor = descriptor
            self.events = events
        }
    }

    /// Waits until a descriptor answers or `deadline` has come.
    ///
    /// - Throws: `EINVAL` where there are more than the process may open, `ENOMEM`.
    public static func wait(
        _ entries: inout [Entry], until deadline: Instant
    ) throws(DeviceError) {
        var asked = entries.map {
            clinux_poll(descriptor: $0.descriptor, events: $0.events, answer: 0)
        }
        while true {
            let left =
                deadline == .never ? -1 : max(0, (deadline - MonotonicClock.now()).nanoseconds)
            // The array is used during the call only, and has as many entries as it says.
            let result = unsafe clinux_poll(&asked, asked.count, left)
            if result >= 0 { break }
            guard result == 0 &- EINTR else { throw DeviceError("poll", result: result) }
        }
        for index in entries.indices { entries[index].answer = asked[index].answer }
    }
}
