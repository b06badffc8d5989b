/// What goes beside the bytes of a message: POSIX `cmsghdr`.
///
/// The bytes are those of Linux; typed forms stand beside the options that ask for them.
public struct ControlMessage: Sendable {
    /// Whose it is, such as `IPPROTO_IP`.
    public let level: Int32
    /// What it is, such as `IP_PKTINFO`.
    public let type: Int32
    /// What it says, without the header.
    public let bytes: [UInt8]
    /// The sockets that it passes on (`SCM_RIGHTS`); no others have any.
    public let sockets: [Socket]

    public init(level: Int32, type: Int32, bytes: [UInt8]) {
        self.level = level
        self.type = type
        self.bytes = bytes
        sockets = []
    }

    /// Passes sockets on: whoever receives them shares them (`SCM_RIGHTS`).
    public init(passing sockets: [Socket]) {
        level = 1
        type = 1
        bytes = []
        self.sockets = sockets
    }
}
