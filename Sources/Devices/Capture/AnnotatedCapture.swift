import Glibc
import Stack
import Synchronization

/// Packets of one link or several written to a pcapng file, each with its direction and with comments,
/// which tcpdump, tshark and Wireshark read.
///
/// Each record is with the system when the call
/// returns, so that nothing is lost when the process is killed. Any thread may record. A capture
/// that has failed (a full disk) records no more, and `close` says so.
public final class AnnotatedCapture: Sendable {
    private struct State: ~Copyable {
        var descriptor: CInt
        var blocks = CaptureBlocks()
        var failure: DeviceError?
        var missed: UInt64 = 0

        deinit { if descriptor >= 0 { Glibc.close(descriptor) } }
    }

    private let state: Mutex<State>
    private let path: String

    /// What a link is called, and what it is, for people.
    public struct Link: Sendable {
        let name: String
        let description: String

        public init(_ name: String, description: String) {
            self.name = name
            self.description = description
        }
    }

    /// - Parameters:
    ///   - path: The file, which is written anew.
    ///   - links: Those that packets are recorded of, known by their places here.
    ///   - application: Who records.
    /// - Throws: What `open` fails with.
    public init(
        path: String, links: [Link], linkType: CaptureFile.LinkType = .ethernet,
        application: String
    ) throws(DeviceError) {
        self.path = path
        try FileDescriptor.checkName(path)
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
        // Reads the name's bytes and keeps no pointer to them.
        let descriptor = unsafe open(path, flags, 0o666)
        guard descriptor >= 0 else {
            throw DeviceError(operation: "write capture file \(path)", code: errno)
        }
        state = Mutex(State(descriptor: descriptor))
        let link: CaptureBlocks.LinkType = linkType == .ethernet ? .ethernet : .rawIP
        let (machine, system) = Self.machine
        state.withLock { state in
            state.blocks.sectionHeader(
                hardware: machine, system: system, application: application)
            for entry in links {
                state.blocks.interface(entry.name, entry.description, link)
            }
            Self.write(&state, path)
        }
    }

    /// The machine's kind and its system, as `uname` says.
    private static var machine: (hardware: String, system: String) {
        var name = utsname()
        guard unsafe uname(&name) == 0 else { return ("", "") }
        func text<Bytes>(_ field: Bytes) -> String {
            // Fields of fixed size that end at the first zero byte.
            unsafe withUnsafeBytes(of: field) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
        }
        return (text(name.machine), text(name.sysname) + " " + text(name.release))
    }

    // MARK: - Recording

    /// Writes a packet with `comments` to the file.
    ///
    /// - Parameter link: The place of its link.
    public func write(_ record: PacketRecord, on link: Int = 0, comments: [String]) {
        state.withLock { state in
            guard state.descriptor >= 0, state.failure == nil else {
                state.missed &+= 1
                return
            }
            record.each { bytes in
                state.blocks.packet(
                    bytes, at: record.time.nanoseconds, interface: UInt32(link),
                    flags: record.direction.rawValue, comments: comments)
            }
            Self.write(&state, path)
        }
    }

    /// How many packets could not be recorded.
    public var missed: UInt64 { state.withLock { $0.missed } }

    /// Ends the capture; what is recorded later is ignored.
    ///
    /// - Returns: Why packets are missing from the file, nil when all are there.
    @discardableResult
    public func close() -> DeviceError? {
        state.withLock { state in
            if state.descriptor >= 0, Glibc.close(state.descriptor) != 0, state.failure == nil {
                state.failure = DeviceError(operation: "write capture file \(path)", code: errno)
            }
            state.descriptor = -1
            return state.failure
        }
    }

    /// Hands what was prepared to the system; the first reason why it cannot be is the one that
    /// counts.
    private static func write(_ state: inout State, _ path: String) {
        var done = 0
        let all = state.blocks.bytes.count
        while done < all {
            // The call reads the bytes and keeps no pointer to them.
            let count = unsafe state.blocks.bytes.withUnsafeBytes { bytes in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
                return unsafe Glibc.write(state.descriptor, rest.baseAddress, rest.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                state.failure = DeviceError(operation: "write capture file \(path)", code: errno)
                break
            }
            done += count
        }
        state.blocks.removeAll()
    }
}
