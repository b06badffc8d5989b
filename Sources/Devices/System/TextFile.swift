import Glibc

/// Files of text.
public enum TextFile {
    /// Writes `text` into the file, which is made or emptied. POSIX `open`, `write`.
    public static func write(_ text: String, to path: String) throws(DeviceError) {
        try FileDescriptor.checkName(path)
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
        // Reads the name's bytes and keeps no pointer to them.
        let number = unsafe open(path, flags, 0o666)
        let file = try FileDescriptor(FileDescriptor.check(number, "write \(path)"))
        var bytes = ArraySlice(text.utf8)
        while !bytes.isEmpty {
            // The call reads the bytes and keeps no pointer to them.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(file.number, buffer.baseAddress, buffer.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw DeviceError(operation: "write \(path)", code: errno) }
            bytes.removeFirst(count)
        }
    }
}
