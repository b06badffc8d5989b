import CLinux
import Glibc
import Memory

extension FrameDevice {
    /// A packet socket on the Ethernet interface `name` of the kernel, beside whatever else uses
    /// it: packet(7).
    ///
    /// The interface is promiscuous meanwhile, since the stack has an address of its own there.
    /// Frames that the kernel itself sends by the interface do not come in, nor do those of VLANs;
    /// so the stack talks to whoever is beyond the interface, and not to this kernel.
    ///
    /// - Parameters:
    ///   - pools: Where frames that come in take their memory.
    ///   - offloads: Whether checksums and segmentation are left to the kernel on the way out.
    ///     Without, merged frames that the interface hands in are cut off and dropped: turn its
    ///     receive offload (GRO) and the peer's segmentation off.
    /// - Throws: `EPERM` without `CAP_NET_RAW`, `ENODEV` when there is no such interface,
    ///   `EPROTOTYPE` when it is none of Ethernet's.
    public init(
        packetSocket name: String, pools: BufferPools, offloads: Bool = true
    ) throws(DeviceError) {
        let label = "packet socket on \(name)"
        // Both calls read the name's bytes and keep no pointer to them.
        let descriptor = unsafe clinux_packet_socket_open(name, offloads ? 1 : 0)
        guard descriptor >= 0 else {
            throw DeviceError(
                "open \(label)", result: descriptor, advice: Self.advice(0 &- descriptor))
        }
        let mtu = unsafe clinux_interface_mtu(name)
        guard mtu >= 0 else {
            close(descriptor)
            throw DeviceError("open \(label)", result: mtu)
        }
        self.init(
            label, descriptor: descriptor,
            capabilities: DeviceCapabilities(
                isEthernet: true, mtu: Int(mtu), offloadsChecksums: offloads,
                segments: offloads),
            hasHeaders: offloads, pools: pools)
    }

    private static func advice(_ code: Int32) -> String {
        switch code {
        case EPERM, EACCES: "that needs CAP_NET_RAW"
        case EPROTOTYPE: "it is no Ethernet interface"
        default: ""
        }
    }
}
