import Glibc

/// The system's words for its error numbers: `strerror`.
public enum SystemErrorText {
    /// Such as "Connection refused".
    public static func of(_ code: CInt) -> String {
        // The C library's text lives at least until this thread asks for the next.
        unsafe String(cString: strerror(code))
    }
}
