import Devices
import Glibc
import Memory

/// A file that is being put: it has its name only once it is complete. What is not committed is
/// removed.
final class Upload {
    private let directory: FileDescriptor
    private let name: String
    private let temporaryName: String
    private let file: FileDescriptor
    private var isCommitted = false

    fileprivate init(_ name: String, in directory: FileDescriptor) throws(DeviceError) {
        self.directory = directory
        self.name = name
        temporaryName = ".upload-\(String(UInt64.random(in: 0 ... .max), radix: 16))"
        file = try directory.create(temporaryName)
    }

    deinit {
        if !isCommitted { try? directory.remove(temporaryName) }
    }

    /// Appends to the file.
    func write(_ bytes: ArraySlice<UInt8>) throws(DeviceError) { try file.write(bytes.span) }

    /// Gives the file its name; whether nothing had it before.
    func commit() throws(DeviceError) -> Bool {
        let isNew = try !directory.hasEntry(name)
        try directory.rename(temporaryName, to: name)
        isCommitted = true
        return isNew
    }
}

extension ServedDirectory {
    /// Begins to put a file where `target` says, in a directory that exists.
    ///
    /// - Throws: 409 for a directory, or one that is missing; 403, 507.
    func beginUpload(to target: HTTPTarget) throws(HTTPRefusal) -> Upload {
        guard let name = target.names.last, !target.endsWithSlash else {
            throw HTTPRefusal(.conflict, "A directory cannot be put.")
        }
        do throws(DeviceError) {
            let directory = try open(target.names.dropLast())
            guard try !directory.hasDirectory(name) else {
                throw DeviceError(operation: "open a file", code: EISDIR)
            }
            return try Upload(name, in: directory)
        } catch {
            guard error.code != ENOENT else {
                throw HTTPRefusal(.conflict, "There is no such directory.")
            }
            throw HTTPRefusal(error)
        }
    }
}
