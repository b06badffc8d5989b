import Devices
import Glibc

/// A directory whose files are served, and nothing that lies beyond it.
///
/// The way to a file is walked one name at a time from the open directory. A symbolic link is
/// followed as far as it stays below the directory; `..` in it goes back along the way, so that
/// neither it nor somebody who moves files meanwhile leads out.
public struct ServedDirectory: Sendable {
    private let root: FileDescriptor

    /// Names on one way, with those that links add: beyond it a path is a loop or a mistake.
    private static let stepLimit = 128

    /// - Throws: `ENOENT`, `ENOTDIR`, `EACCES`.
    public init(_ path: String) throws(DeviceError) { root = try .directory(path) }

    /// Opens what `names` lead to.
    ///
    /// - Throws: `EACCES` when they lead out, `ELOOP` when they lead nowhere, or what `open` meets.
    func open(_ names: some Collection<String>) throws(DeviceError) -> FileDescriptor {
        var here = root
        var way: [FileDescriptor] = []
        var ahead = Array(names.reversed())
        for _ in 0..<Self.stepLimit {
            guard let name = ahead.popLast() else { return here }
            switch name {
            case ".": continue
            case "..":
                guard let parent = way.popLast() else {
                    throw DeviceError(operation: "open a file", code: EACCES)
                }
                here = parent
            default:
                guard let next = try openUnlessLink(name, in: here) else {
                    ahead += try Self.names(ofLink: name, in: here).reversed()
                    continue
                }
                way.append(here)
                here = next
            }
        }
        throw DeviceError(operation: "open a file", code: ELOOP)
    }

    /// Nil when `name` is a symbolic link.
    private func openUnlessLink(
        _ name: String, in directory: FileDescriptor
    ) throws(DeviceError) -> FileDescriptor? {
        do throws(DeviceError) {
            return try directory.open(name)
        } catch {
            guard error.code == ELOOP else { throw error }
            return nil
        }
    }

    private static func names(
        ofLink name: String, in directory: FileDescriptor
    ) throws(DeviceError) -> [String] {
        let target = try directory.linkTarget(of: name)
        guard !target.hasPrefix("/") else {
            throw DeviceError(operation: "open a file", code: EACCES)
        }
        return target.split(separator: "/").map(String.init)
    }

    // MARK: - Pages

    /// What the server shows for `target`: a file, a directory's `index.html`, or the list of what
    /// is in it.
    func find(_ target: HTTPTarget) throws(HTTPRefusal) -> PageSource.Finding {
        do throws(DeviceError) {
            let found = try open(target.names)
            let status = try found.status
            switch status.kind {
            case .regular where !target.endsWithSlash:
                return .page(Self.page(found, status, named: target.names.last ?? ""))
            case .regular: throw DeviceError(operation: "open a file", code: ENOTDIR)
            case .directory:
                guard target.endsWithSlash || target.names.isEmpty else {
                    return .directoryWithoutSlash
                }
                return .page(try index(of: found, target))
            case .other: throw DeviceError(operation: "open a file", code: EACCES)
            }
        } catch {
            throw HTTPRefusal(error)
        }
    }

    private static func page(
        _ file: FileDescriptor, _ status: FileDescriptor.Status, named name: String
    ) -> Page {
        Page(
            .file(file, count: status.count), type: MediaType.of(name),
            modified: HTTPDate(secondsSince1970: status.modified))
    }

    private func index(
        of directory: FileDescriptor, _ target: HTTPTarget
    ) throws(DeviceError) -> Page {
        let name = "index.html"
        if try directory.hasEntry(name) {
            let file = try open(target.names + [name])
            let status = try file.status
            if status.kind == .regular { return Self.page(file, status, named: name) }
        }
        return try Listing.page(of: directory, path: target.directoryPath)
    }
}

extension HTTPRefusal {
    /// What is answered when the file system says no.
    init(_ error: DeviceError) {
        switch error.code {
        case ENOENT, ENOTDIR, ENAMETOOLONG,
            EINVAL:
            self.init(.notFound, "There is no such page.")
        case EACCES, EPERM, ELOOP,
            EROFS:
            self.init(.forbidden, "This is not for you.")
        case EISDIR, ENOTEMPTY, EEXIST:
            self.init(.conflict, "There is a directory of that name.")
        case EMFILE, ENFILE:
            self.init(.serviceUnavailable, "Too many files are open.")
        case ENOSPC, EDQUOT:
            self.init(.insufficientStorage, "There is no room for it.")
        case EFBIG:
            self.init(.contentTooLarge, "The file is too large.")
        default:
            self.init(.internalServerError, "The file could not be read or written.")
        }
    }
}
