import Devices

/// Where the lines of one of the files of names come from.
public enum NameFile: Hashable, Sendable {
    /// A file, which is read again when it has changed.
    case path(String)
    /// These lines, as a test or a simulation has them.
    case text(String)

    /// No lines at all.
    public static let empty = NameFile.text("")

    /// Bytes beyond which a file is not read.
    static let byteLimit = 4 << 20
    /// Bytes beyond which a line is not read.
    static let lineLimit = 8_192

    /// What tells one state of the file from another; nil where there is none.
    enum Version: Equatable, Sendable {
        case constant
        case file(FileDescriptor.Version)
        case missing
    }

    /// The content and its version, nil if that is `known` still.
    func read(unless known: Version?) -> (lines: [Substring], version: Version)? {
        switch self {
        case .text(let text):
            return known == .constant ? nil : (Self.lines(of: text), .constant)
        case .path(let path):
            guard let (file, version) = Self.open(path) else {
                return known == .missing ? nil : ([], .missing)
            }
            if known == .file(version) { return nil }
            return (Self.lines(of: Self.content(of: file)), .file(version))
        }
    }

    private static func open(_ path: String) -> (FileDescriptor, FileDescriptor.Version)? {
        do throws(DeviceError) {
            let file = try FileDescriptor.regularFile(path)
            return (file, try file.version)
        } catch {
            return nil
        }
    }

    /// Read to its end rather than by its size, which files of `/proc` do not have.
    private static func content(of file: FileDescriptor) -> String {
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while content.count < byteLimit {
            let count = (try? file.readNext(into: &buffer)) ?? 0
            guard count > 0 else { break }
            content += buffer[..<count]
        }
        return String(decoding: content.prefix(byteLimit), as: UTF8.self)
    }

    static func lines(of text: String) -> [Substring] {
        text.utf8.split(separator: UInt8(ascii: "\n"))
            .filter { $0.count <= lineLimit }
            .map { Substring($0) }
    }

    /// The words of a line before any `#`.
    static func words(of line: Substring) -> [String] {
        line.utf8.prefix { $0 != UInt8(ascii: "#") }
            .split(whereSeparator: ASCII.isSpace)
            .map { String(Substring($0)) }
    }
}
