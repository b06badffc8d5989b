import Glibc

/// What a process writes for its user.
public enum StandardStream: CInt, Sendable {
    case output = 1
    case error = 2

    /// Writes all of `text`; what the stream no longer takes is lost. POSIX `write`.
    public func write(_ text: String) {
        var bytes = ArraySlice(text.utf8)
        while !bytes.isEmpty {
            // The call reads the bytes and keeps no pointer to them.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(rawValue, buffer.baseAddress, buffer.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            bytes.removeFirst(count)
        }
    }
}
