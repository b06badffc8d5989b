import Glibc

/// A thread of the system's.
public enum SystemThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// A number that the calling thread shares with no other that runs; never 0. POSIX
    /// `pthread_self`.
    public static var current: UInt { UInt(pthread_self()) }

    /// Starts a thread that runs `body` and ends. POSIX `pthread_create`.
    ///
    /// - Throws: `EAGAIN` when the system has no room for another thread.
    public static func start(_ body: @escaping @Sendable () -> Void) throws(DeviceError) {
        // The thread takes over this reference, and lets go of it when `body` has returned.
        let box = unsafe Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        guard code == 0 else {
            unsafe box.release()
            throw DeviceError(operation: "start a thread", code: code)
        }
        pthread_detach(thread)
    }
}
