import Devices
import Glibc
import Synchronization

/// A call in a thread of its own.
final class CallThread: Sendable {
    private let text = Mutex<String?>(nil)

    init(_ body: @escaping () -> String) {
        let work = Work(body)
        try? SystemThread.start { [self] in
            let result = work.body()
            text.withLock { $0 = result }
        }
    }

    /// What came of it, when it has ended.
    func result() -> String {
        while true {
            if let text = text.withLock({ $0 }) { return text }
            usleep(500)
        }
    }

    /// Scripts wait for a call before they use what it used.
    private struct Work: @unchecked Sendable {
        let body: () -> String
        init(_ body: @escaping () -> String) { self.body = body }
    }
}
