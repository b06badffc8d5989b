import CLinux
import Glibc

/// Programs that outlive the one that starts them.
public enum DetachedProcess {
    /// The executable of this process.
    public static var ownExecutable: String { "/proc/self/exe" }

    /// Starts a program in a session of its own, with none of this process's descriptors.
    ///
    /// Its end is not this process's affair, nor is whether it could be executed: whoever waits for
    /// something of it bounds the wait.
    /// - Parameter arguments: The first is its name.
    /// - Throws: `EAGAIN`, `ENOMEM`.
    public static func start(_ path: String, _ arguments: [String]) throws(DeviceError) {
        try FileDescriptor.checkName(path)
        // Copies of our own, freed when the call is done.
        var copies = unsafe arguments.map { unsafe strdup($0) }
        unsafe copies.append(nil)
        defer { unsafe copies.forEach { unsafe free($0) } }
        let result = unsafe copies.withUnsafeMutableBufferPointer { list in
            // There is at least the terminating nil.
            unsafe clinux_start_detached(path, list.baseAddress.unsafelyUnwrapped)
        }
        guard result == 0 else { throw DeviceError("start a process", result: result) }
    }
}
