/// What is answered to GET and HEAD.
extension HTTPService {
    func get(
        _ target: HTTPTarget, _ head: HTTPRequestHead
    ) async throws(HTTPRefusal) -> HTTPAnswer {
        switch try await source.find(target) {
        case .directoryWithoutSlash:
            // Links in the page are relative to its directory.
            return .redirect(to: target.directoryPath)
        case .page(let page):
            return Self.isUnchanged(page, head) ? .notModified(page) : Self.part(of: page, head)
        }
    }

    /// The client has the page as it is (RFC 9110 §13.1.3). Conditions on tags, of which we give
    /// none, go before those on dates; they never hold.
    private static func isUnchanged(_ page: Page, _ head: HTTPRequestHead) -> Bool {
        guard head.fields.values("if-none-match").isEmpty, let modified = page.modified,
            let since = head.fields.only("if-modified-since").flatMap(HTTPDate.init)
        else { return false }
        return modified <= since
    }

    /// The range that GET asks for (RFC 9110 §14.2); all of the page where it asks for none, or
    /// for a range of what the page was before (§13.1.5).
    private static func part(of page: Page, _ head: HTTPRequestHead) -> HTTPAnswer {
        let condition = head.fields.values("if-range")
        let isSame =
            condition.isEmpty
            || page.modified != nil && condition.map(HTTPDate.init) == [page.modified]
        guard head.method == "GET", isSame else { return .page(page) }
        return switch ByteRange(head.fields.only("range"), of: page.count) {
        case .whole: .page(page)
        case .part(let range): .part(page, range)
        case .unsatisfiable: .unsatisfiable(page)
        }
    }
}
