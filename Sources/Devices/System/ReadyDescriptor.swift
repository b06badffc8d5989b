import Glibc

/// A descriptor that whoever started this process waits on, until all is ready.
public enum ReadyDescriptor {
    /// Writes "1" to it and closes it, as slirp4netns does.
    ///
    /// - Throws: `EBADF` when it is not open, `EPIPE` when nobody waits any more.
    public static func tell(_ descriptor: CInt) throws(DeviceError) {
        let byte: [UInt8] = [UInt8(ascii: "1")]
        // The call reads the byte and keeps no pointer to it.
        let count = unsafe byte.withUnsafeBytes { bytes in
            unsafe Glibc.write(descriptor, bytes.baseAddress, 1)
        }
        guard count == 1 else {
            throw DeviceError(operation: "write to descriptor \(descriptor)", code: errno)
        }
        close(descriptor)
    }
}
