import Synchronization

/// What was understood of a file, and read again when the file has changed.
final class FileTable<Content: Sendable>: Sendable {
    private struct State: Sendable {
        var version: NameFile.Version?
        var content: Content?
    }

    private let file: NameFile
    private let parse: @Sendable ([Substring]) -> Content
    private let state = Mutex(State())

    init(_ file: NameFile, _ parse: @escaping @Sendable ([Substring]) -> Content) {
        self.file = file
        self.parse = parse
    }

    var content: Content {
        state.withLock { state in
            if let (lines, version) = file.read(unless: state.version) {
                state.content = parse(lines)
                state.version = version
            }
            return state.content ?? parse([])
        }
    }
}
