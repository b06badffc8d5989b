import Glibc
import Stack

/// What programs ask a Sockeye host about itself (`AF_NETLINK`).
extension HostEndpoint {
    func sendRequests(
        _ bytes: Span<UInt8>, to name: SocketName?
    ) throws(SocketError) -> Int {
        try call("sendmsg") { (host: inout Host) throws(StackError) in
            switch name {
            case nil: try host.sendRequests(id, bytes)
            case .netlink(let port, let groups):
                guard groups == 0 else { throw .notPermitted }
                try host.sendRequests(id, bytes, toPort: port)
            default: throw .invalidArgument
            }
            return bytes.count
        }
    }

    func receiveAnswer(
        into buffer: inout MutableSpan<UInt8>, _ flags: MessageFlags
    ) throws(SocketError) -> ReceivedMessage {
        let answer: Host.ReceivedAnswer
        let tellsGroups: Bool
        do throws(StackError) {
            (answer, tellsGroups) = try driver.withHost { (host: inout Host) throws(StackError) in
                let answer = try host.receiveAnswer(
                    id, into: &buffer, peeks: flags.contains(.peek))
                return (answer, try host.netlinkOption(id, Self.tellsGroups) ?? false)
            }
        } catch {
            throw SocketError(error, in: "recvmsg")
        }
        var control: [ControlMessage] = []
        if tellsGroups {
            let group = answer.groups == 0 ? 0 : UInt32(answer.groups.trailingZeroBitCount + 1)
            control.append(
                ControlMessage(
                    level: Self.level, type: Self.tellsGroups, bytes: Self.native(group)))
        }
        return ReceivedMessage(
            count: answer.count, fullCount: answer.fullCount,
            source: .netlink(port: 0, groups: answer.groups), control: control,
            flags: answer.count < answer.fullCount ? .truncated : [])
    }

    /// `SOL_NETLINK`.
    private static var level: Int32 { 270 }
    /// `NETLINK_PKTINFO`.
    private static var tellsGroups: Int32 { 3 }

    private static func native(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }
}
