import Devices
import Glibc
import Setup
import Stack

/// Where the sockets of this user's networks are: `networks` in the directory of the control
/// sockets. `NAME.control` takes who joins, `NAME.frames` frames as QEMU's `-netdev stream` speaks.
///
/// Nobody else may enter it. Who starts a switch, and a switch that ends, hold it locked.
struct NetworkDirectory: Sendable {
    let path: String

    /// - Parameter base: Made if it does not exist, and nobody else's.
    init(in base: String = ControlDirectory.path) throws(CommandError) {
        path = base + "/networks"
        do throws(DeviceError) {
            _ = try FileDescriptor.privateDirectory(base)
            _ = try FileDescriptor.privateDirectory(path)
        } catch {
            throw .failure("network: \(error)")
        }
    }

    func control(of network: String) -> String { "\(path)/\(network).control" }
    func frames(of network: String) -> String { "\(path)/\(network).frames" }

    /// Holds the directory until the descriptor is let go of.
    func locked() throws(DeviceError) -> FileDescriptor {
        let directory = try FileDescriptor.privateDirectory(path)
        try directory.lock()
        return directory
    }

    /// Removes the sockets of a network; whoever calls it holds the directory.
    func removeSockets(of network: String, _ directory: FileDescriptor) {
        for name in ["\(network).control", "\(network).frames"] {
            // That it is gone already is all that can be wrong.
            try? directory.remove(name)
        }
    }

    /// Connects to the switch of a network; nil where none runs.
    func connect(to network: String) throws(DeviceError) -> LocalStream? {
        do throws(DeviceError) {
            return try LocalStream.connect(to: control(of: network))
        } catch {
            guard [ENOENT, ECONNREFUSED].contains(error.code) else { throw error }
            return nil
        }
    }

    /// Connects to the switch of a network, which is started if none runs.
    ///
    /// - Parameter executable: The command `sockeye`.
    func connect(
        to network: String, starting executable: String
    ) throws(DeviceError) -> LocalStream {
        if let stream = try connect(to: network) { return stream }
        // Of several that come at once the first starts it; the others find it.
        let lock = try locked()
        defer { withExtendedLifetime(lock) {} }
        if let stream = try connect(to: network) { return stream }
        try DetachedProcess.start(
            executable, ["sockeye", SwitchCommand.name, network, path])
        let deadline = MonotonicClock.now() + Interval.seconds(10)
        while MonotonicClock.now() < deadline {
            if let stream = try connect(to: network) { return stream }
            usleep(2_000)
        }
        throw DeviceError(
            operation: "start the switch of network '\(network)'", code: ETIMEDOUT)
    }
}
