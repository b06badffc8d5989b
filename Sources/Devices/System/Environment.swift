import Glibc

/// What the process was started with. POSIX `getenv`.
public enum Environment {
    /// The value of the variable `name`, nil where it is not set, empty or not UTF-8.
    public static func value(of name: String) -> String? {
        // Copied at once: nothing here changes the environment.
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(validatingCString: value)
        return text.flatMap { $0.isEmpty ? nil : $0 }
    }
}
