import Devices
import Glibc
import Memory

/// Something to fetch: content and what is known of it.
public struct Page: Sendable {
    /// Where the bytes come from.
    enum Content: Sendable {
        case bytes([UInt8])
        case file(FileDescriptor, count: Int)
        /// The first bytes of `ByteSequence`.
        case sequence(count: Int)
    }

    let content: Content
    /// Its media type, as in `text/html; charset=utf-8`.
    let type: String
    /// When it last changed, nil where that means nothing.
    let modified: HTTPDate?

    init(_ content: Content, type: String, modified: HTTPDate? = nil) {
        self.content = content
        self.type = type
        self.modified = modified
    }

    /// A page of fixed text.
    ///
    /// - Parameter type: A media type (RFC 9110 §8.3.1).
    public init(_ text: String, type: String = "text/html; charset=utf-8") {
        self.init(.bytes(Array(text.utf8)), type: type)
    }

    /// In bytes.
    var count: Int {
        switch content {
        case .bytes(let bytes): bytes.count
        case .file(_, let count), .sequence(let count): count
        }
    }

    /// Fills the places `range` of `buffer` with what the page has from `offset` on.
    ///
    /// - Precondition: The page has that much.
    /// - Throws: `EIO` when a file has become shorter, or what reading it meets.
    func read(
        at offset: Int, into buffer: inout MutableSpan<UInt8>, _ range: Range<Int>
    ) throws(DeviceError) {
        switch content {
        case .bytes(let bytes):
            buffer.write(
                bytes.span.extracting(offset..<offset + range.count), at: range.lowerBound)
        case .file(let file, _):
            guard try file.read(at: offset, into: &buffer, range) == range.count else {
                throw DeviceError(operation: "read a file that became shorter", code: EIO)
            }
        case .sequence:
            ByteSequence.fill(&buffer, range, from: offset)
        }
    }
}
