/// What becomes of a packet on a link.
public enum PacketFate: Hashable, Sendable {
    /// It goes on its way; the link may delay, double or damage it.
    case carried
    /// The link loses it.
    case lost
    /// The queue before the line, or the link's bound of packets under way, has no room for it.
    case queueFull
}
