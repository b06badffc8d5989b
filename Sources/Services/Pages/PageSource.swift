import Devices

/// Where a web server has its pages from.
public enum PageSource: Sendable {
    /// The files below a directory.
    case directory(ServedDirectory)
    /// Pages in memory by path, without the first slash; `index.html` is what `/` shows. Beside
    /// them are the generated ones of `GeneratedPages`.
    case pages([String: Page])

    /// What the server has under a name.
    enum Finding: Sendable {
        case page(Page)
        /// A directory that was asked for without the slash at its end.
        case directoryWithoutSlash
    }

    /// Finds what `target` names.
    ///
    /// - Throws: 404, 403 or what else is to be answered.
    func find(_ target: HTTPTarget) async throws(HTTPRefusal) -> Finding {
        switch self {
        case .directory(let directory):
            return try directory.find(target)
        case .pages(let pages):
            let path = target.names.isEmpty ? "index.html" : target.names.joined(separator: "/")
            if let page = pages[path] { return .page(page) }
            if let page = await GeneratedPages.find(target.names) { return .page(page) }
            throw HTTPRefusal(.notFound, "There is no such page.")
        }
    }
}
