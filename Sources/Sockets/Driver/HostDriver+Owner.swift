import Memory
public import Stack

/// For the owner of a host who works on its endpoints directly, and calls `turn` itself.
extension HostDriver {
    /// Keeps what happens to endpoints for `takeReport`, from now on.
    public func startReporting() {
        core.withLock { if $0.reports == nil { $0.reports = Ring() } }
    }

    /// Works on the host as `withHost` does. The caller takes the reports that this leads to, and is
    /// not woken for them.
    public func withOwnHost<Result, Failure: Error>(
        _ body: (inout Host) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withCore(isOwner: true) { (core: inout Core) throws(Failure) -> Result in
            try body(&core.host)
        }
    }

    /// Takes what happened to an endpoint, of the host's own as of others' sockets; nil when nothing
    /// did that was not taken.
    public func takeReport() -> Host.Ready? {
        core.withLock { $0.reports?.popFirst() }
    }

    /// Whether something happened that was not taken.
    public var hasReports: Bool { core.withLock { $0.reports?.isEmpty == false } }
}
