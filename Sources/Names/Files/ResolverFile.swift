/// resolv.conf(5) as it stands at any time: read again when it has changed.
public final class ResolverFile: Sendable {
    private let table: FileTable<ResolverConfiguration>

    /// - Parameter file: `/etc/resolv.conf`, or the like of it.
    public init(_ file: NameFile = .path("/etc/resolv.conf")) {
        table = FileTable(file) { ResolverConfiguration($0) }
    }

    /// What it says now; the machine itself is asked where it names no server.
    public var configuration: ResolverConfiguration { table.content }
}
