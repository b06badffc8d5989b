import Memory

/// A message that waits for its reader; its bytes stand in the reader's queue.
struct LocalMessage {
    /// Bytes that are still to be read.
    var count: Int
    /// What it counts against the sender's buffer.
    let charge: Int
    let sender: SlabIndex
    /// The sender's name.
    let source: LocalName?
    /// nil where neither side asked for it.
    let credentials: Credentials?
    var attachments: [MessageAttachment]
}

/// What messages count against the send buffer of who sent them: as much memory as Linux takes for
/// them, so that as much fits into a buffer as there.
enum LocalCharge {
    private static var page: Int { 4096 }
    /// The largest first piece that fits a page, and four of them, with what describes it.
    private static var pageHead: Int { 3776 }
    private static var largeHead: Int { 16064 }
    private static var pagesLimit: Int { 17 &* page }

    /// The most bytes of a stream that one message takes.
    static var streamPiece: Int { pageHead &+ 32768 }

    /// A piece of a stream, at most `streamPiece` bytes.
    static func stream(_ count: Int) -> Int {
        let behind = min(count, pages(max(0, count &- pageHead)))
        return head(count &- behind) &+ pages(behind)
    }

    /// A whole record.
    static func record(_ count: Int) -> Int {
        guard count > largeHead else { return head(count) }
        let behind = min(pages(count &- largeHead), pagesLimit)
        return head(count &- behind) &+ behind
    }

    private static func pages(_ count: Int) -> Int { (count &+ page &- 1) & ~(page &- 1) }

    private static func head(_ count: Int) -> Int {
        guard count > 128 else { return 768 }
        var block = 1024
        while block < count &+ 320 { block &*= 2 }
        return block &+ 256
    }
}
