import Sockets
import Stack

/// The counters of a host, as `netstat -s` lists them: what happened, and what was dropped.
enum Statistics {
    static func print(_ host: HostDriver, to print: (String) -> Void) {
        let counters = host.withHost { $0.counters }
        for event in Event.allCases where counters[event] > 0 {
            print("  \(counters[event]) \(words(String(describing: event)))")
        }
        for reason in DropReason.allCases where counters[reason] > 0 {
            print("  \(counters[reason]) dropped: \(words(String(describing: reason)))")
        }
    }

    /// `tcpSegmentsSent` as "tcp segments sent".
    private static func words(_ name: String) -> String {
        var words = ""
        for character in name {
            if character.isUppercase { words += " " }
            words += character.lowercased()
        }
        return words
    }
}
