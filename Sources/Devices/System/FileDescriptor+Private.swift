import Glibc

/// Directories that only one user may enter.
extension FileDescriptor {
    /// Opens the directory `path`, which is made if it does not exist, and sees to it that only
    /// this user may enter it: it is theirs, no symbolic link, and its mode 0700 or narrower.
    ///
    /// - Throws: `EPERM` when it is somebody else's, `EACCES` when others may enter it, `ELOOP` or
    ///   `ENOTDIR` when it is something else, `ENOENT` when that which it is to stand in is not
    ///   there.
    public static func privateDirectory(_ path: String) throws(DeviceError) -> FileDescriptor {
        try checkName(path)
        let operation = "use the directory \(path)"
        if unsafe mkdir(path, 0o700) < 0, errno != EEXIST {
            throw DeviceError(operation: operation, code: errno)
        }
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let directory = FileDescriptor(try check(unsafe Glibc.open(path, flags), operation))
        var found = stat()
        try check(unsafe fstat(directory.number, &found), operation)
        guard found.st_uid == geteuid() else {
            throw DeviceError(
                operation: operation, code: EPERM, advice: "it belongs to user \(found.st_uid)")
        }
        guard found.st_mode & 0o077 == 0 else {
            let mode = String(found.st_mode & 0o777, radix: 8)
            throw DeviceError(
                operation: operation, code: EACCES,
                advice: "others may enter it (mode \(mode)): chmod 700 \(path)")
        }
        return directory
    }

    /// Waits until no other program holds this directory, and holds it until the descriptor is
    /// closed. `flock`.
    public func lock() throws(DeviceError) {
        while flock(number, LOCK_EX) < 0 {
            guard errno == EINTR else {
                throw DeviceError(operation: "lock a directory", code: errno)
            }
        }
    }

    /// The user that this program is.
    public static var user: UInt32 { geteuid() }
}
