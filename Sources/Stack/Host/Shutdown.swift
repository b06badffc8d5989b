/// What is shut down: nothing is received any more (`SHUT_RD`), nothing sent (`SHUT_WR`).
public struct Shutdown: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let receiving = Shutdown(rawValue: 1 << 0)
    public static let sending = Shutdown(rawValue: 1 << 1)
    /// `SHUT_RDWR`.
    public static let both: Shutdown = [.receiving, .sending]
}
