/// What kind of content a file has, by its name's suffix (RFC 9110 §8.3).
enum MediaType {
    static func of(_ name: String) -> String {
        guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return unknown }
        let suffix = name[name.index(after: dot)...].lowercased()
        return types.first { $0.suffixes.contains(suffix) }?.type ?? unknown
    }

    static let html = "text/html; charset=utf-8"
    static let plain = "text/plain; charset=utf-8"
    static let unknown = "application/octet-stream"

    private static let types: [(suffixes: [String], type: String)] = [
        (["html", "htm"], html),
        (["txt", "md", "log", "swift", "c", "h", "sh", "py"], plain),
        (["css"], "text/css; charset=utf-8"),
        (["csv"], "text/csv; charset=utf-8"),
        (["js", "mjs"], "text/javascript; charset=utf-8"),
        (["json"], "application/json"),
        (["xml"], "application/xml"),
        (["pdf"], "application/pdf"),
        (["wasm"], "application/wasm"),
        (["gz", "tgz"], "application/gzip"),
        (["zip"], "application/zip"),
        (["tar"], "application/x-tar"),
        (["pcap"], "application/vnd.tcpdump.pcap"),
        (["png"], "image/png"),
        (["jpg", "jpeg"], "image/jpeg"),
        (["gif"], "image/gif"),
        (["svg"], "image/svg+xml"),
        (["ico"], "image/vnd.microsoft.icon"),
        (["webp"], "image/webp"),
        (["mp3"], "audio/mpeg"),
        (["mp4"], "video/mp4"),
        (["webm"], "video/webm"),
        (["woff2"], "font/woff2"),
    ]
}
