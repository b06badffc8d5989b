import CLinux
import Glibc
import Memory
import Wire

extension FrameDevice {
    /// The far end of the TAP interface `name`, which carries Ethernet frames: what the kernel
    /// sends there comes in here, and the other way. It is made if there is none and the user may.
    ///
    /// An ordinary user may attach to an interface that was made for them:
    /// `ip tuntap add dev NAME mode tap user USER`.
    ///
    /// - Parameters:
    ///   - pools: Where frames that come in take their memory.
    ///   - offloads: Whether checksums and segmentation are left to the other side.
    /// - Throws: `ENOENT` or `EACCES` without /dev/net/tun, `EPERM` when the interface belongs to
    ///   someone else, `EBUSY` when a program is attached to it, `EINVAL` when it is no TAP.
    public init(tap name: String, pools: BufferPools, offloads: Bool = true) throws(DeviceError) {
        try self.init(tunnel: name, isEthernet: true, pools, offloads)
    }

    /// The far end of the TUN interface `name`, which carries bare IP packets of both families.
    ///
    /// - Throws: What the TAP's initializer throws.
    public init(tun name: String, pools: BufferPools, offloads: Bool = true) throws(DeviceError) {
        try self.init(tunnel: name, isEthernet: false, pools, offloads)
    }

    private init(
        tunnel name: String, isEthernet: Bool, _ pools: BufferPools, _ offloads: Bool
    ) throws(DeviceError) {
        let kind = isEthernet ? "TAP" : "TUN"
        let label = "\(kind) device \(name)"
        let descriptor = clinux_tunnel_open()
        guard descriptor >= 0 else {
            throw DeviceError(
                "open \(label)", result: descriptor, advice: Self.openingAdvice(descriptor))
        }
        let mtu = Self.attach(descriptor, name, isEthernet, offloads)
        guard mtu >= 0 else {
            close(descriptor)
            throw DeviceError(
                "open \(label)", result: mtu, advice: Self.advice(0 &- mtu, name, kind))
        }
        self.init(
            label, descriptor: descriptor,
            capabilities: DeviceCapabilities(
                isEthernet: isEthernet, mtu: Int(mtu), offloadsChecksums: offloads,
                segments: offloads),
            hasHeaders: offloads, pools: pools)
    }

    /// The interface's MTU, or the negative error number.
    private static func attach(
        _ descriptor: Int32, _ name: String, _ isEthernet: Bool, _ offloads: Bool
    ) -> Int32 {
        // Both calls read the name's bytes and keep no pointer to them.
        let result = unsafe clinux_tunnel_attach(
            descriptor, name, isEthernet ? 1 : 0, offloads ? 1 : 0)
        return result < 0 ? result : unsafe clinux_interface_mtu(name)
    }

    /// For what opening /dev/net/tun returned.
    private static func openingAdvice(_ result: Int32) -> String {
        switch 0 &- result {
        case ENOENT, ENODEV, ENXIO: "there is no /dev/net/tun: modprobe tun"
        case EACCES, EPERM: "/dev/net/tun is not readable and writable for this user"
        default: ""
        }
    }

    private static func advice(_ code: Int32, _ name: String, _ kind: String) -> String {
        switch code {
        case EPERM:
            "an administrator makes it: ip tuntap add dev \(name) mode \(kind.lowercased()) "
                + "user USER"
        case EBUSY: "another program is attached to it"
        case EINVAL: "it is not a \(kind) interface with one queue"
        default: ""
        }
    }
}
