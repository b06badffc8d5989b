import Devices
import Memory
import Sockets
import Stack
import Wire

/// Hosts as the commands make them.
enum BuiltHost {
    /// A host on one Ethernet link.
    static func make(
        _ device: consuming Device, named name: String, at prefix: IPPrefix,
        hardwareAddress: MACAddress? = nil, routes: [Route] = [], pools: BufferPools,
        observer: PacketObserver? = nil
    ) throws(CommandError) -> HostDriver {
        let link = DeviceLink(
            device, name: name, hardwareAddress: hardwareAddress ?? self.hardwareAddress(prefix),
            addresses: [prefix], observer: observer)
        do throws(SocketError) {
            return try HostDriver(
                HostConfiguration(seed: SystemRandom.seed()), links: [link], routes: routes,
                pools: pools)
        } catch {
            throw .failure("cannot make the host \(prefix.address): \(error)")
        }
    }

    /// A locally administered address with the host's own in it.
    private static func hardwareAddress(_ prefix: IPPrefix) -> MACAddress {
        MACAddress(0x0200_0000_0000 | prefix.address.low & 0xFFFF_FFFF)
    }

    /// Starts the thread of a host.
    static func start(_ host: HostDriver) throws(CommandError) {
        do throws(SocketError) { try host.start() } catch { throw .failure("\(error)") }
    }
}
