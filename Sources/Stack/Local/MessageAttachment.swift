/// Something that goes along with a message between endpoints of a host, and that the stack knows
/// nothing of: an open socket (`SCM_RIGHTS`). Whoever makes sockets makes subclasses of it.
///
/// A message that is dropped lets go of what it carries. Since that may close a socket, which needs
/// the host, such attachments are put aside: whoever holds the host's lock takes them
/// (`Host.takeReleasedAttachments`) and lets go of them without it.
open class MessageAttachment: @unchecked Sendable {
    public init() {}
}

/// Whose a process is, as Linux's `struct ucred` says it.
@frozen
public struct Credentials: Hashable, Sendable {
    public var processID: Int32
    public var userID: UInt32
    public var groupID: UInt32

    public init(processID: Int32 = 0, userID: UInt32 = 0, groupID: UInt32 = 0) {
        self.processID = processID
        self.userID = userID
        self.groupID = groupID
    }

    /// What `SO_PEERCRED` says where there never was a peer.
    public static let none = Credentials(userID: .max, groupID: .max)

    /// What `SCM_CREDENTIALS` says of a message that was sent when neither side asked for it: the
    /// process 0 and nobody.
    public static let unknown = Credentials(userID: 65534, groupID: 65534)
}
