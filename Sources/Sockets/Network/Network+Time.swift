/// The time that programs on a network live in.
extension Network {
    /// What programs sleep on and measure time with: virtual in a simulation, else the system's.
    public var clock: NetworkClock { host?.clock ?? .system }

    /// The time of the network.
    public var time: NetworkTime { host?.time ?? .system }
}
