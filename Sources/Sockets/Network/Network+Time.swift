import Devices
import Stack

/// The time that programs on a network live in.
extension Network {
    /// What programs sleep on and measure time with: virtual in a simulation, else the system's.
    public var clock: NetworkClock { host?.clock ?? .system }

    /// The time of day, since 1970 began: that of a simulation began with it.
    public var timeOfDay: Duration {
        if let host {
            return Duration(Interval(nanoseconds: host.clock.now.nanoseconds) + host.epoch)
        }
        let (seconds, nanoseconds) = WallClock.now()
        return .seconds(seconds) + .nanoseconds(nanoseconds)
    }

    /// The time of the network.
    public var time: NetworkTime { host?.time ?? .system }
}
