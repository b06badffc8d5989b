/// The system's unpredictable numbers: `getrandom`.
public enum SystemRandom {
    /// A seed for the random source and the secrets of a stack.
    public static func seed() -> (UInt64, UInt64) {
        var generator = SystemRandomNumberGenerator()
        return (generator.next(), generator.next())
    }
}
