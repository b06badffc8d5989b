import Glibc

/// Directories whose entries are numbers, as /proc has them.
enum Directory {
    /// The entries of the directory `path` that are numbers, none where it cannot be read.
    static func numbers(in path: String) -> [CInt] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var numbers: [CInt] = []
        while let entry = unsafe readdir(directory) {
            // The name lies within the entry, which stays until the next readdir.
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let number = CInt(name) { numbers.append(number) }
        }
        return numbers
    }

    /// The whole of a small text file, empty where it cannot be read.
    static func text(of path: String) -> String {
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return "" }
        let file = Descriptor(owning: number)
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            // Written during the call only, within the array's count.
            let count = unsafe read(file.number, &chunk, chunk.count)
            guard count > 0 else { return String(decoding: text, as: UTF8.self) }
            text.append(contentsOf: chunk[..<count])
        }
    }

    /// The children of the one thread that a process has had children with, none where that cannot
    /// be known.
    static func children(of process: CInt) -> [CInt] {
        text(of: "/proc/\(process)/task/\(process)/children").split(separator: " ")
            .compactMap { CInt($0) }
    }

    /// The parent of a process, nil where there is no such process.
    static func parent(of process: CInt) -> CInt? {
        // PID (NAME) STATE PARENT …, and the name may have blanks and parentheses.
        let text = text(of: "/proc/\(process)/stat")
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 1 ? CInt(fields[1]) : nil
    }
}
