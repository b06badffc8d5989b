import Devices

/// The page that shows what is in a directory which has no `index.html`.
enum Listing {
    /// Names that are shown; more than a person reads are cut off.
    private static let limit = 10_000

    /// - Parameter path: Encoded, with a slash at both ends.
    static func page(
        of directory: FileDescriptor, path: String
    ) throws(DeviceError) -> Page {
        var lines = ""
        let names = try directory.entries().filter { !$0.hasPrefix(".") }.sorted()
        for name in names.prefix(limit) {
            // One that vanishes meanwhile is shown as a file.
            let isDirectory = (try? directory.hasDirectory(name)) ?? false
            let slash = isDirectory ? "/" : ""
            lines += "<li><a href=\"\(HTTPTarget.encode(name))\(slash)\">"
            lines += "\(escape(name))\(slash)</a></li>\n"
        }
        let title = "Index of \(escape(path))"
        let parent = path == "/" ? "" : "<li><a href=\"../\">../</a></li>\n"
        return Page(
            """
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><title>\(title)</title></head>
            <body>
            <h1>\(title)</h1>
            <ul>
            \(parent)\(lines)</ul>
            </body>
            </html>

            """)
    }

    /// `text` as it may stand in HTML.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
