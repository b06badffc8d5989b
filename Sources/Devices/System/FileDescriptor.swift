import Glibc

/// An open file or directory; closed when nobody refers to it any more.
///
/// Names are resolved from a directory that is open, one name at a time and without following
/// symbolic links, so that whoever serves files decides where a path may lead.
public final class FileDescriptor: Sendable {
    /// What `stat` says of a file.
    public struct Status: Equatable, Sendable {
        public enum Kind: Sendable {
            case regular
            case directory
            /// A device, FIFO or socket.
            case other
        }

        public let kind: Kind
        /// In bytes.
        public let count: Int
        /// When the content last changed, in seconds since 1970 (UTC).
        public let modified: Int64
    }

    /// The number by which the system knows it.
    public let number: CInt

    init(_ number: CInt) { self.number = number }

    deinit { _ = Glibc.close(number) }

    // MARK: - Opening

    /// Opens a directory by its path, through symbolic links. POSIX `open`.
    public static func directory(_ path: String) throws(DeviceError) -> FileDescriptor {
        try checkName(path)
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
        return try FileDescriptor(check(unsafe Glibc.open(path, flags), "open directory \(path)"))
    }

    /// Opens a file by its path, through symbolic links, for reading. POSIX `open`.
    public static func file(_ path: String) throws(DeviceError) -> FileDescriptor {
        try checkName(path)
        return try FileDescriptor(
            check(unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC), "open \(path)"))
    }

    /// Opens a regular file by its path, through symbolic links, for reading; never waits, as FIFOs
    /// would have it do. POSIX `open`.
    ///
    /// - Throws: `EINVAL` when it is something else.
    public static func regularFile(_ path: String) throws(DeviceError) -> FileDescriptor {
        try checkName(path)
        let flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC
        let file = try FileDescriptor(check(unsafe Glibc.open(path, flags), "open \(path)"))
        guard try file.status.kind == .regular else {
            throw DeviceError(operation: "open \(path)", code: EINVAL)
        }
        return file
    }

    /// What the process reads by default, under a number of its own. POSIX `dup`.
    public static func standardInput() throws(DeviceError) -> FileDescriptor {
        try FileDescriptor(check(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0), "read standard input"))
    }

    /// Opens an entry of this directory for reading; never waits, as FIFOs would have it do.
    /// POSIX `openat` with `O_NOFOLLOW`.
    ///
    /// - Throws: `ELOOP` when `name` is a symbolic link, `ENOENT`, `ENOTDIR`, `EACCES`.
    public func open(_ name: String) throws(DeviceError) -> FileDescriptor {
        try Self.checkName(name)
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        return try FileDescriptor(Self.check(unsafe openat(number, name, flags), "open \(name)"))
    }

    /// Makes a file in this directory and opens it for writing. POSIX `openat` with `O_EXCL`.
    ///
    /// - Throws: `EEXIST` when there is an entry of that name.
    public func create(_ name: String) throws(DeviceError) -> FileDescriptor {
        try Self.checkName(name)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        return try FileDescriptor(
            Self.check(unsafe openat(number, name, flags, 0o666), "make \(name)"))
    }

    // MARK: - Content

    /// POSIX `fstat`.
    public var status: Status {
        get throws(DeviceError) {
            var found = stat()
            try Self.check(unsafe fstat(number, &found), "look at a file")
            let kind: Status.Kind =
                switch found.st_mode & S_IFMT {
                case S_IFREG: .regular
                case S_IFDIR: .directory
                default: .other
                }
            return Status(kind: kind, count: found.st_size, modified: Int64(found.st_mtim.tv_sec))
        }
    }

    /// What changes when somebody writes to the file or puts another in its place.
    public struct Version: Equatable, Sendable {
        private let inode: UInt
        private let count: Int
        /// In nanoseconds since 1970, by the two clocks of a file: content, and all else.
        private let modified: Int
        private let changed: Int

        init(_ status: stat) {
            inode = UInt(status.st_ino)
            count = status.st_size
            modified = status.st_mtim.tv_sec &* 1_000_000_000 &+ status.st_mtim.tv_nsec
            changed = status.st_ctim.tv_sec &* 1_000_000_000 &+ status.st_ctim.tv_nsec
        }
    }

    /// The file's state as of now. POSIX `fstat`.
    public var version: Version {
        get throws(DeviceError) {
            var found = stat()
            try Self.check(unsafe fstat(number, &found), "look at a file")
            return Version(found)
        }
    }

    /// Reads from `offset` on into the places `range` of `buffer`, until they are full or the file
    /// ends; how many bytes. POSIX `pread`.
    public func read(
        at offset: Int, into buffer: inout MutableSpan<UInt8>, _ range: Range<Int>
    ) throws(DeviceError) -> Int {
        var done = 0
        while done < range.count {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                let left = range.lowerBound + done..<range.upperBound
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[left])
                return unsafe pread(number, rest.baseAddress, rest.count, offset + done)
            }
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw DeviceError(operation: "read a file", code: errno) }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Reads what comes next, at most as much as `buffer` holds; how many bytes, none at the end.
    /// It may wait. POSIX `read`.
    public func readNext(into buffer: inout [UInt8]) throws(DeviceError) -> Int {
        while true {
            let count = unsafe Glibc.read(number, &buffer, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else {
                throw DeviceError(operation: "read a file", code: errno)
            }
        }
    }

    /// Writes all of `bytes`. POSIX `write`.
    public func write(_ bytes: Span<UInt8>) throws(DeviceError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
                return unsafe Glibc.write(number, rest.baseAddress, rest.count)
            }
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw DeviceError(operation: "write a file", code: errno) }
            done += count
        }
    }

    // MARK: - Entries

    /// Where the symbolic link `name` of this directory leads. POSIX `readlinkat`.
    ///
    /// - Throws: `EINVAL` when it is none; `EILSEQ` when that is not UTF-8.
    public func linkTarget(of name: String) throws(DeviceError) -> String {
        try Self.checkName(name)
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlinkat(number, name, &target, target.count)
        try Self.check(CInt(truncatingIfNeeded: count), "read link \(name)")
        let bytes = target[..<count].map { UInt8(bitPattern: $0) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DeviceError(operation: "read link \(name)", code: EILSEQ)
        }
        return text
    }

    /// Whether this directory has an entry of that name, of whatever kind. POSIX `fstatat`.
    public func hasEntry(_ name: String) throws(DeviceError) -> Bool {
        try entryStatus(name) != nil
    }

    /// Whether `name` is a directory. POSIX `fstatat`.
    public func hasDirectory(_ name: String) throws(DeviceError) -> Bool {
        try entryStatus(name).map { $0 & S_IFMT == S_IFDIR } ?? false
    }

    private func entryStatus(_ name: String) throws(DeviceError) -> mode_t? {
        try Self.checkName(name)
        var found = stat()
        let result = unsafe fstatat(number, name, &found, AT_SYMLINK_NOFOLLOW)
        if result < 0, errno == ENOENT { return nil }
        try Self.check(result, "look at \(name)")
        return found.st_mode
    }

    /// Gives the entry `name` the name `other`, in the place of whatever had it. POSIX `renameat`.
    public func rename(_ name: String, to other: String) throws(DeviceError) {
        try Self.checkName(name)
        try Self.checkName(other)
        try Self.check(unsafe renameat(number, name, number, other), "rename \(name)")
    }

    /// Removes the file `name`. POSIX `unlinkat`.
    public func remove(_ name: String) throws(DeviceError) {
        try Self.checkName(name)
        try Self.check(unsafe unlinkat(number, name, 0), "remove \(name)")
    }

    /// The names in this directory that are UTF-8, without `.` and `..`, in no order. POSIX
    /// `readdir`.
    public func entries() throws(DeviceError) -> [String] {
        // Opened anew, since a duplicate would share the place of whoever else reads.
        let copy = try Self.check(
            unsafe openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open a directory")
        guard let directory = unsafe fdopendir(copy) else {
            _ = Glibc.close(copy)
            throw DeviceError(operation: "read a directory", code: errno)
        }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            guard let name = unsafe Self.name(of: entry), name != ".", name != ".." else {
                continue
            }
            names.append(name)
        }
        return names
    }

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> String? {
        unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            unsafe String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    // MARK: - Errors

    @discardableResult
    static func check(_ result: CInt, _ operation: String) throws(DeviceError) -> CInt {
        guard result >= 0 else { throw DeviceError(operation: operation, code: errno) }
        return result
    }

    /// C ends a name at its first zero byte: what comes after it would be lost silently.
    static func checkName(_ name: String) throws(DeviceError) {
        guard !name.utf8.contains(0), !name.isEmpty else {
            throw DeviceError(operation: "open a file without a proper name", code: EINVAL)
        }
    }
}
