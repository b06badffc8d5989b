import Stack

/// Options of sockets that ask the host about itself. netlink(7).
extension OptionCall {
    func readNetlink(_ host: inout Host, _ capacity: Int) throws(OptionError) -> Value {
        guard let isOn = try stack(try host.netlinkOption(id, name)) else { throw .unknown }
        guard capacity >= 4 else { throw .invalid }
        return .flag(isOn)
    }

    func setNetlink(_ host: inout Host, _ bytes: OptionBytes) throws(OptionError) {
        let value = try bytes.int()
        switch name {
        case NetlinkLevel.addMembership, NetlinkLevel.dropMembership:
            let isMember = name == NetlinkLevel.addMembership
            guard value > 0 else { throw .invalid }
            try stack(try host.setMembership(id, isMember, inGroup: UInt32(value)))
        default:
            guard try stack(try host.setNetlinkOption(id, name, value != 0)) else {
                throw .unknown
            }
        }
    }
}

/// `NETLINK_`.
private enum NetlinkLevel {
    static let addMembership: Int32 = 1
    static let dropMembership: Int32 = 2
}
