/// What is answered to a request.
enum HTTPAnswer {
    case page(Page)
    /// Some bytes of a page, at least one.
    case part(Page, Range<Int>)
    /// The page has nothing of the range that was asked for.
    case unsatisfiable(Page)
    case notModified(Page)
    case redirect(to: String)
    /// A new file was put.
    case created
    /// A file was put in place of another.
    case noContent
    /// - Parameter allow: The methods that are allowed, where that was the reason.
    case refusal(HTTPRefusal, allow: String? = nil)

    /// The head of the answer, and what follows it.
    func message() -> (head: HTTPResponseHead, page: Page, range: Range<Int>) {
        switch self {
        case .page(let page):
            var head = Self.head(.ok, for: page)
            head.fields.append("Accept-Ranges", "bytes")
            return (head, page, 0..<page.count)
        case .part(let page, let range):
            var head = Self.head(.partialContent, for: page)
            head.fields.append(
                "Content-Range",
                "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(page.count)")
            return (head, page, range)
        case .unsatisfiable(let page):
            let refusal = HTTPRefusal(.rangeNotSatisfiable, "The page is shorter.")
            var message = Self.refusal(refusal).message()
            message.head.fields.append("Content-Range", "bytes */\(page.count)")
            return message
        case .notModified(let page):
            return Self.empty(Self.head(.notModified, for: page))
        case .redirect(let path):
            let page = Page("\(path)\n", type: MediaType.plain)
            var head = Self.head(.movedPermanently, for: page)
            head.fields.append("Location", path)
            return (head, page, 0..<page.count)
        case .created: return Self.empty(HTTPResponseHead(.created))
        case .noContent: return Self.empty(HTTPResponseHead(.noContent))
        case .refusal(let refusal, let allow):
            let status = refusal.status
            let page = Page(
                "\(status.code) \(status.phrase)\n\(refusal.reason)\n", type: MediaType.plain)
            var head = Self.head(status, for: page)
            if let allow { head.fields.append("Allow", allow) }
            return (head, page, 0..<page.count)
        }
    }

    private static func head(_ status: HTTPStatus, for page: Page) -> HTTPResponseHead {
        var head = HTTPResponseHead(status)
        head.fields.append("Content-Type", page.type)
        if let modified = page.modified {
            head.fields.append("Last-Modified", modified.description)
        }
        return head
    }

    private static func empty(
        _ head: HTTPResponseHead
    ) -> (head: HTTPResponseHead, page: Page, range: Range<Int>) {
        (head, Page("", type: MediaType.plain), 0..<0)
    }
}
