import CPcap
import Glibc
import Memory
import Stack

/// A file that libpcap writes.
@safe
struct CaptureWriter: ~Copyable {
    private let path: String
    /// Says how the file is written; libpcap wants it to live as long as the file.
    private let handle: OpaquePointer
    /// Nil once the file is closed.
    private var file: OpaquePointer?
    /// Where a packet in pieces is put together.
    private var scratch = [UInt8](repeating: 0, count: Self.longest)
    private let flushesEach: Bool
    private var failure: DeviceError?
    var missed: UInt64 = 0

    /// What libpcap calls a snapshot length, which no packet here reaches.
    private static var longest: Int { 262_144 }

    init(path: String, isEthernet: Bool) throws(DeviceError) {
        self.path = path
        flushesEach = path == "-"
        let stream = try unsafe Self.open(path)
        // Its only failure is a lack of memory, of which nothing else here recovers either.
        let handle = unsafe pcap_open_dead_with_tstamp_precision(
            isEthernet ? DLT_EN10MB : Self.rawIP, Int32(Self.longest),
            UInt32(PCAP_TSTAMP_PRECISION_NANO))
        guard let handle = unsafe handle, let file = unsafe pcap_dump_fopen(handle, stream) else {
            throw DeviceError(operation: "write capture file \(path)", code: errno)
        }
        unsafe self.handle = handle
        unsafe self.file = file
    }

    /// `DLT_RAW` of <pcap/dlt.h>, which differs from system to system.
    private static var rawIP: Int32 { DLT_RAW }

    /// A copy of standard output's descriptor is opened for "-": closing it closes no more.
    private static func open(_ path: String) throws(DeviceError) -> UnsafeMutablePointer<FILE> {
        let stream = unsafe path == "-" ? fdopen(dup(STDOUT_FILENO), "wb") : fopen(path, "wbe")
        guard let stream = unsafe stream else {
            throw DeviceError(operation: "write capture file \(path)", code: errno)
        }
        return unsafe stream
    }

    deinit {
        if let file = unsafe file { unsafe pcap_dump_close(file) }
        unsafe pcap_close(handle)
    }

    mutating func write(_ packet: borrowing Packet, at time: Instant) {
        if packet.sliceCount == 0 {
            write(packet.head, at: time)
            return
        }
        var whole = scratch.mutableSpan
        let count = packet.copy(from: 0, into: &whole)
        let contents = scratch
        write(contents.span.extracting(first: count), at: time)
    }

    mutating func write(_ bytes: Span<UInt8>, at time: Instant) {
        guard let file = unsafe file, failure == nil else { return }
        let length = UInt32(truncatingIfNeeded: min(bytes.count, Self.longest))
        var header = pcap_pkthdr()
        header.ts.tv_sec = time_t(time.nanoseconds / 1_000_000_000)
        // With the precision asked for above the field holds nanoseconds.
        header.ts.tv_usec = suseconds_t(time.nanoseconds % 1_000_000_000)
        header.caplen = length
        header.len = UInt32(truncatingIfNeeded: bytes.count)
        // libpcap reads `length` bytes and keeps no pointer to them.
        unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe pcap_dump(UnsafeMutablePointer(file), &header, bytes.baseAddress)
        }
        if flushesEach { flush() }
        unsafe noteFailure(file)
    }

    mutating func flush() {
        guard let file = unsafe file else { return }
        if unsafe pcap_dump_flush(file) != 0 { unsafe noteFailure(file) }
    }

    mutating func close() -> DeviceError? {
        flush()
        if let file = unsafe file { unsafe pcap_dump_close(file) }
        unsafe file = nil
        return failure
    }

    /// Notes why the file stands still; the first reason counts.
    private mutating func noteFailure(_ file: OpaquePointer) {
        guard failure == nil, unsafe ferror(pcap_dump_file(file)) != 0 else { return }
        failure = DeviceError(operation: "write capture file \(path)", code: errno)
    }
}
