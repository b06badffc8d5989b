import Wire

/// Which groups the host is a member of.
extension NetworkLayer {
    /// Whether packets to `group` that are heard on `id` are for this host: those to all hosts of
    /// the link always are (RFC 1112 §4, RFC 4291 §2.7.1).
    func isMember(of group: IPAddress, on id: InterfaceID) -> Bool {
        if group == .v4(224, 0, 0, 1) { return true }
        return group == IPAddress(high: 0xFF02_0000_0000_0000, low: 1)
    }
}
