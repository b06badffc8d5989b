import Devices
import Foundation
import Testing

@Suite("Files")
struct FileDescriptorTests {
    private let path: String
    private let directory: FileDescriptor

    init() throws {
        path = NSTemporaryDirectory() + "sockeye-files-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        directory = try .directory(path)
    }

    /// Runs `body` and removes the directory.
    private func cleaning(_ body: () throws -> Void) throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body()
    }

    /// The error number with which `body` fails, 0 when it does not.
    private func code(_ body: () throws(DeviceError) -> Void) -> CInt {
        do throws(DeviceError) {
            try body()
            return 0
        } catch {
            return error.code
        }
    }

    private func read(_ file: FileDescriptor, at offset: Int, _ range: Range<Int>) throws -> [UInt8]
    {
        var bytes = [UInt8](repeating: 0xEE, count: 8)
        var span = bytes.mutableSpan
        let count = try file.read(at: offset, into: &span, range)
        return Array(bytes[..<(range.lowerBound + count)])
    }

    @Test("What was written is read, from any place to any place, and no further than the end")
    func content() throws {
        try cleaning {
            let bytes: [UInt8] = [0, 1, 2, 3, 4, 5]
            let new = try directory.create("file")
            try new.write(bytes.span.extracting(first: 4))
            try new.write(bytes.span.extracting(last: 2))
            let file = try directory.open("file")
            #expect(try file.status.count == 6)
            #expect(try file.status.kind == .regular)
            #expect(try read(file, at: 0, 0..<6) == bytes)
            #expect(try read(file, at: 2, 1..<3) == [0xEE, 2, 3])
            #expect(try read(file, at: 4, 0..<8) == [4, 5])
            #expect(try read(file, at: 6, 0..<8) == [])
            #expect(try read(file, at: 0, 3..<3) == [0xEE, 0xEE, 0xEE])
        }
    }

    @Test("A file is made once, and only in its directory")
    func create() throws {
        try cleaning {
            _ = try directory.create("file")
            #expect(code { () throws(DeviceError) in _ = try directory.create("file") } == EEXIST)
            #expect(code { () throws(DeviceError) in _ = try directory.create("") } == EINVAL)
            #expect(code { () throws(DeviceError) in _ = try directory.create("a\0b") } == EINVAL)
            #expect(try directory.entries() == ["file"])
        }
    }

    @Test("Links are not followed, and tell where they lead")
    func links() throws {
        try cleaning {
            try FileManager.default.createSymbolicLink(
                atPath: path + "/link", withDestinationPath: "over/there")
            #expect(code { () throws(DeviceError) in _ = try directory.open("link") } == ELOOP)
            #expect(try directory.linkTarget(of: "link") == "over/there")
            _ = try directory.create("file")
            #expect(
                code { () throws(DeviceError) in _ = try directory.linkTarget(of: "file") }
                    == EINVAL)
        }
    }

    @Test("Entries are named, renamed over others, and removed")
    func entries() throws {
        try cleaning {
            let bytes: [UInt8] = [1]
            try directory.create("a").write(bytes.span)
            _ = try directory.create("b")
            try directory.rename("a", to: "b")
            #expect(try directory.entries() == ["b"])
            #expect(try directory.open("b").status.count == 1)
            #expect(try directory.hasEntry("b"))
            #expect(try !directory.hasEntry("a"))
            #expect(try !directory.hasDirectory("b"))
            try directory.remove("b")
            #expect(try directory.entries() == [])
            #expect(code { () throws(DeviceError) in try directory.remove("b") } == ENOENT)
        }
    }

    @Test("Only a directory is opened as one")
    func directories() throws {
        try cleaning {
            _ = try directory.create("file")
            #expect(
                code { () throws(DeviceError) in _ = try FileDescriptor.directory(path + "/file") }
                    == ENOTDIR)
            #expect(
                code { () throws(DeviceError) in _ = try FileDescriptor.directory(path + "/x") }
                    == ENOENT)
            #expect(try directory.open(".").status.kind == .directory)
        }
    }

    @Test("A file is closed when nobody refers to it")
    func closing() throws {
        try cleaning {
            do {
                let file = try directory.create("file")
                #expect(try isOpen("file"))
                #expect(fcntl(file.number, F_GETFD) == FD_CLOEXEC)
            }
            #expect(try !isOpen("file"))
        }
    }

    /// Whether this process has the file open.
    private func isOpen(_ name: String) throws -> Bool {
        let files = FileManager.default
        return try files.contentsOfDirectory(atPath: "/proc/self/fd").contains { number in
            // Others are closed meanwhile.
            let target = try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + number)
            return target?.hasSuffix("\(path)/\(name)") ?? false
        }
    }
}
