import Devices
import Glibc
import Stack
import Wire

/// How the system numbers a kind of socket: the arguments of `socket`.
struct KernelNumbers: Equatable {
    let domain: CInt
    let type: CInt
    let protocolNumber: CInt

    init(_ kind: EndpointKind, _ family: AddressFamily) {
        let internet = family == .inet ? AF_INET : AF_INET6
        switch kind {
        case .stream: self.init(internet, SOCK_STREAM, 0)
        case .datagram: self.init(internet, SOCK_DGRAM, 0)
        case .raw(let number): self.init(internet, SOCK_RAW, CInt(number.rawValue))
        case .icmp:
            self.init(internet, SOCK_DGRAM, CInt(family == .inet ? 1 : 58))
        case .packet(let form):
            // All protocols (`ETH_P_ALL`), in network order.
            self.init(AF_PACKET, form == .frame ? SOCK_RAW : SOCK_DGRAM, 0x0300)
        case .local(.stream): self.init(AF_UNIX, SOCK_STREAM, 0)
        case .local(.datagram): self.init(AF_UNIX, SOCK_DGRAM, 0)
        case .local(.sequencedPacket): self.init(AF_UNIX, SOCK_SEQPACKET, 0)
        case .netlink(let proto): self.init(AF_NETLINK, SOCK_RAW, CInt(proto.rawValue))
        }
    }

    private init(_ domain: CInt, _ type: __socket_type, _ protocolNumber: CInt) {
        self.domain = domain
        self.type = CInt(type.rawValue)
        self.protocolNumber = protocolNumber
    }

    /// What a descriptor is; nil where it is no socket, or none of a kind that there is here.
    static func kind(of descriptor: CInt) -> (EndpointKind, AddressFamily)? {
        guard let numbers = try? SystemSocket.numbers(of: descriptor) else { return nil }
        for family in [AddressFamily.inet, .inet6] {
            let kinds: [EndpointKind] = [
                .stream, .datagram, .icmp, .local(.stream), .local(.datagram),
                .local(.sequencedPacket), .netlink(.route), .netlink(.diagnosis),
            ]
            for kind in kinds {
                let wanted = KernelNumbers(kind, family)
                let isDefault = wanted.protocolNumber == 0 && wanted.domain != AF_NETLINK
                if wanted.domain == numbers.domain, wanted.type == numbers.type,
                    isDefault || wanted.protocolNumber == numbers.protocolNumber
                {
                    return (kind, family)
                }
            }
        }
        return nil
    }
}
