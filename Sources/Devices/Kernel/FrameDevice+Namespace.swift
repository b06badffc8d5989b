import CLinux
import Glibc
public import Memory
public import Wire

/// What an interface in another network namespace is to be.
public struct NamespaceInterface: Equatable, Sendable {
    public var name: String
    /// The largest IP packet: 1,280 to 65,520 bytes.
    public var mtu: Int
    /// Whether it is given the addresses and routes, and brought up together with the loopback.
    public var isConfigured = true
    public var addresses: [IPPrefix]
    /// The routers on the way to everywhere else, one a family.
    public var gateways: [IPAddress]

    public init(
        _ name: String, mtu: Int = 65_520, addresses: [IPPrefix] = [], gateways: [IPAddress] = []
    ) {
        self.name = name
        self.mtu = mtu
        self.addresses = addresses
        self.gateways = gateways
    }
}

extension FrameDevice {
    /// The far end of an interface that is made in the network namespace at `path`: a TAP, or where
    /// /dev/net/tun is not to be had a veth, by a packet socket on its other end. Either goes when the
    /// device does.
    ///
    /// A child process enters the namespace, by way of the user namespace that owns it where that is
    /// another. To be called while the process has one thread.
    ///
    /// - Parameters:
    ///   - path: Such as `/proc/PID/ns/net`.
    ///   - userNamespace: The file of the user namespace; nil for the one that owns the other.
    ///   - pools: Where frames that come in take their memory.
    /// - Throws: `ENOENT`, `EACCES` or `EINVAL` when there is no such namespace, `EPERM` when it is not
    ///   the user's, `EEXIST` or `EBUSY` when there is such an interface.
    public init(
        inNetworkNamespace path: String, userNamespace: String? = nil,
        _ interface: NamespaceInterface, pools: BufferPools
    ) throws(DeviceError) {
        var isTAP: Int32 = 0
        var stage: Int32 = 0
        let descriptor = Self.open(path, userNamespace, interface, &isTAP, &stage)
        guard descriptor >= 0 else {
            throw DeviceError(
                Self.operation(UInt32(stage), interface.name, path), result: descriptor,
                advice: Self.advice(0 &- descriptor, UInt32(stage)))
        }
        self.init(
            "\(isTAP != 0 ? "TAP device" : "veth") \(interface.name) in \(path)",
            descriptor: descriptor,
            capabilities: DeviceCapabilities(
                isEthernet: true, mtu: interface.mtu, offloadsChecksums: true, segments: true),
            hasHeaders: true, pools: pools)
    }

    private static func open(
        _ path: String, _ userNamespace: String?, _ interface: NamespaceInterface,
        _ isTAP: inout Int32, _ stage: inout Int32
    ) -> Int32 {
        let addresses = interface.addresses.map { namespaceAddress($0.address, $0.length) }
        let gateways = interface.gateways.map { namespaceAddress($0, 0) }
        // The call reads names and arrays, and keeps no pointer to them.
        return unsafe interface.name.withCString { name in
            unsafe addresses.withUnsafeBufferPointer { addresses in
                unsafe gateways.withUnsafeBufferPointer { gateways in
                    var wanted = unsafe clinux_namespace_interface(
                        name: name, mtu: Int32(interface.mtu),
                        configures: interface.isConfigured ? 1 : 0,
                        addresses: addresses.baseAddress, address_count: Int32(addresses.count),
                        gateways: gateways.baseAddress, gateway_count: Int32(gateways.count))
                    return unsafe clinux_namespace_link(
                        path, userNamespace, &wanted, &isTAP, &stage)
                }
            }
        }
    }

    private static func namespaceAddress(
        _ address: IPAddress, _ prefix: UInt8
    ) -> clinux_namespace_address {
        var entry = clinux_namespace_address()
        entry.is_ipv6 = address.isIPv4 ? 0 : 1
        entry.prefix = Int32(prefix)
        let number = address.isIPv4 ? [address.low << 32] : [address.high, address.low]
        // The field is as long as an address of IPv6.
        unsafe withUnsafeMutableBytes(of: &entry.bytes) { place in
            for (index, half) in number.enumerated() {
                unsafe place.storeBytes(
                    of: half.bigEndian, toByteOffset: 8 * index, as: UInt64.self)
            }
        }
        return entry
    }

    private static func operation(_ stage: UInt32, _ name: String, _ path: String) -> String {
        switch stage {
        case CLINUX_NAMESPACE_FIND.rawValue: "open the network namespace \(path)"
        case CLINUX_NAMESPACE_ENTER_USER.rawValue: "enter the user namespace that owns \(path)"
        case CLINUX_NAMESPACE_ENTER.rawValue: "enter the network namespace \(path)"
        case CLINUX_NAMESPACE_MAKE.rawValue: "make the interface \(name) in \(path)"
        case CLINUX_NAMESPACE_CONFIGURE.rawValue: "configure the interface \(name) in \(path)"
        default: "make a link into \(path)"
        }
    }

    private static func advice(_ code: Int32, _ stage: UInt32) -> String {
        switch (stage, code) {
        case (CLINUX_NAMESPACE_FIND.rawValue, ENOENT): "there is no such process or file"
        case (CLINUX_NAMESPACE_FIND.rawValue, EACCES): "it belongs to another user's process"
        case (CLINUX_NAMESPACE_FIND.rawValue, EINVAL), (CLINUX_NAMESPACE_FIND.rawValue, ENOTTY):
            "that is no network namespace"
        case (CLINUX_NAMESPACE_ENTER_USER.rawValue, EPERM),
            (CLINUX_NAMESPACE_ENTER.rawValue, EPERM):
            "it must be one's own, such as of 'unshare -Urn', or one must be root"
        case (CLINUX_NAMESPACE_MAKE.rawValue, EEXIST), (CLINUX_NAMESPACE_MAKE.rawValue, EBUSY):
            "there is an interface of that name"
        default: ""
        }
    }
}
