import CPcap
import Memory
import Stack

/// A file that libpcap writes.
@safe
struct CaptureWriter: ~Copyable {
    private let path: String
    /// Used by this value alone; nil once the file is closed.
    private var file: OpaquePointer?
    /// Where a packet in pieces is put together.
    private var scratch = [UInt8](repeating: 0, count: Int(CPCAP_LONGEST))
    private let flushesEach: Bool
    private var failure: DeviceError?
    /// How many packets could not be recorded.
    var missed: UInt64 = 0

    init(path: String, link: cpcap_link) throws(DeviceError) {
        self.path = path
        flushesEach = path == "-"
        let result = unsafe cpcap_open(path, link, &file)
        guard result == 0 else { throw Self.error(path, result) }
    }

    deinit { if let file = unsafe file { _ = unsafe cpcap_close(file) } }

    private static func error(_ path: String, _ result: Int32) -> DeviceError {
        DeviceError("write capture file \(path)", result: result)
    }

    /// The first reason why the file stands still is the one that counts.
    private mutating func note(_ result: Int32) {
        if result != 0, failure == nil { failure = Self.error(path, result) }
    }

    mutating func write(_ packet: borrowing Packet, at time: Instant) {
        if packet.sliceCount == 0 {
            write(packet.head, at: time)
            return
        }
        var whole = scratch.mutableSpan
        let count = packet.copy(from: 0, into: &whole)
        // A second reference, not a second copy.
        let contents = scratch
        write(contents.span.extracting(first: count), at: time)
    }

    mutating func write(_ bytes: Span<UInt8>, at time: Instant) {
        guard let file = unsafe file else { return }
        guard failure == nil else {
            missed &+= 1
            return
        }
        // libpcap reads the bytes and keeps no pointer to them.
        let result = unsafe bytes.withUnsafeBytes { bytes in
            unsafe cpcap_write(
                file, time.nanoseconds / 1_000_000_000, time.nanoseconds % 1_000_000_000,
                bytes.baseAddress, UInt32(min(bytes.count, Int(CPCAP_LONGEST))),
                UInt32(truncatingIfNeeded: bytes.count))
        }
        note(result)
        if flushesEach { flush() }
    }

    mutating func flush() {
        guard let file = unsafe file else { return }
        note(unsafe cpcap_flush(file))
    }

    mutating func close() -> DeviceError? {
        if let file = unsafe file {
            unsafe self.file = nil
            note(unsafe cpcap_close(file))
        }
        return failure
    }
}
