import CLinux
import Glibc
import Memory

extension FrameDevice {
    /// A link over UNIX datagram sockets, one Ethernet frame a datagram, as QEMU's
    /// `-netdev dgram,local.type=unix,…,remote.type=unix,…` speaks it.
    ///
    /// Either end may come first, go and come again: what is sent meanwhile is lost.
    ///
    /// - Parameters:
    ///   - local: The path of this end, which is made for this user only and removed at the end;
    ///     behind `@` a name of the abstract namespace, which anybody may send to.
    ///   - remote: The path of the other end.
    ///   - mtu: The most bytes of an IP packet: 68 to 65,535.
    /// - Throws: `EADDRINUSE` when somebody has the local path, `ENOENT` or `EACCES` when its
    ///   directory does not take it, `ENAMETOOLONG` beyond 107 bytes.
    public init(
        unixDatagram local: String, to remote: String, mtu: Int = 1500, pools: BufferPools
    ) throws(DeviceError) {
        let label = "UNIX datagram socket \(local)"
        do throws(SystemFailure) {
            let destination = try UNIXAddress(remote)
            let source = try UNIXAddress(local)
            let descriptor = clinux_unix_socket(0)
            guard descriptor >= 0 else { throw SystemFailure(code: 0 &- descriptor) }
            let path = try Self.bind(descriptor, source)
            self.init(
                label, descriptor: descriptor,
                capabilities: DeviceCapabilities(mtu: min(max(68, mtu), 65535)),
                hasHeaders: false, to: destination, path: path, pools: pools)
        } catch {
            throw DeviceError(
                operation: "open \(label)", code: error.code,
                advice: UNIXStreamLink.bindingAdvice(error.code))
        }
    }

    private static func bind(
        _ descriptor: Int32, _ address: consuming UNIXAddress
    ) throws(SystemFailure) -> BoundPath {
        do throws(SystemFailure) {
            return try BoundPath(descriptor, address, isStream: false)
        } catch {
            close(descriptor)
            throw error
        }
    }
}
