import CSockeye
import Glibc
import Names
import Wire

// Entries of hosts, services and protocols, as C lays them out: a structure whose pointers lead into
// a buffer.

/// Lays out texts, addresses and lists of them in a buffer; that it was too small shows in the end.
@safe
struct EntryBuffer {
    private let start: UnsafeMutableRawPointer
    private let room: Int
    private var used = 0

    init(_ start: UnsafeMutableRawPointer, _ room: Int) {
        unsafe self.start = start
        self.room = room
    }

    /// Whether everything fitted.
    var isWhole: Bool { used <= room }

    private mutating func reserve(_ count: Int) -> UnsafeMutableRawPointer? {
        let from = (used + 7) & ~7
        used = from + count
        return used <= room ? unsafe start + from : nil
    }

    mutating func add(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar>? {
        guard let place = unsafe reserve(bytes.count) else { return nil }
        unsafe copy(bytes, to: place, bytes.count)
        return unsafe place.assumingMemoryBound(to: CChar.self)
    }

    mutating func add(_ text: String) -> UnsafeMutablePointer<CChar>? {
        unsafe add(Array(text.utf8) + [0])
    }

    /// A list of pointers that ends with NULL.
    mutating func add(_ items: [[UInt8]]) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        let stride = unsafe MemoryLayout<UnsafeMutablePointer<CChar>?>.stride
        guard let place = unsafe reserve((items.count + 1) * stride) else { return nil }
        let list = unsafe place.assumingMemoryBound(to: UnsafeMutablePointer<CChar>?.self)
        for (index, item) in items.enumerated() { unsafe list[index] = add(item) }
        unsafe list[items.count] = nil
        return unsafe list
    }

    mutating func add(
        texts: [String]
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        unsafe add(texts.map { Array($0.utf8) + [0] })
    }
}

extension HostEntry {
    /// Fills in the structure; whether the buffer was large enough.
    func write(
        _ entry: UnsafeMutablePointer<hostent>, _ buffer: UnsafeMutableRawPointer, _ room: Int
    ) -> Bool {
        var layout = unsafe EntryBuffer(buffer, room)
        unsafe entry.pointee.h_name = layout.add(name)
        unsafe entry.pointee.h_aliases = layout.add(texts: aliases)
        unsafe entry.pointee.h_addrtype = family
        unsafe entry.pointee.h_length = family == AF_INET ? 4 : 16
        unsafe entry.pointee.h_addr_list = layout.add(
            addresses.map { address in
                let whole = networkBytes(IPv6Address(high: address.high, low: address.low))
                return family == AF_INET ? Array(whole.suffix(4)) : whole
            })
        return layout.isWhole
    }
}

extension ServiceEntry {
    func write(
        _ entry: UnsafeMutablePointer<servent>, _ buffer: UnsafeMutableRawPointer, _ room: Int
    ) -> Bool {
        var layout = unsafe EntryBuffer(buffer, room)
        unsafe entry.pointee.s_name = layout.add(name)
        unsafe entry.pointee.s_aliases = layout.add(texts: aliases)
        unsafe entry.pointee.s_port = CInt(port.bigEndian)
        unsafe entry.pointee.s_proto = layout.add(protocolName)
        return layout.isWhole
    }
}

extension ProtocolEntry {
    func write(
        _ entry: UnsafeMutablePointer<protoent>, _ buffer: UnsafeMutableRawPointer, _ room: Int
    ) -> Bool {
        var layout = unsafe EntryBuffer(buffer, room)
        unsafe entry.pointee.p_name = layout.add(name)
        unsafe entry.pointee.p_aliases = layout.add(texts: aliases)
        unsafe entry.pointee.p_proto = number
        return layout.isWhole
    }
}

/// The thread's structure of one kind with its buffer, filled in, however large that has to be; nil
/// without memory.
func threadEntry<Entry>(
    _ which: csockeye_buffer,
    _ write: (UnsafeMutablePointer<Entry>, UnsafeMutableRawPointer, Int) -> Bool
) -> UnsafeMutablePointer<Entry>? {
    let head = (MemoryLayout<Entry>.size + 15) & ~15
    var room = 1024
    while room < 1 << 24 {
        guard let block = unsafe csockeye_buffer(which, head + room) else { return nil }
        let entry = unsafe block.assumingMemoryBound(to: Entry.self)
        if unsafe write(entry, block + head, room) { return unsafe entry }
        room *= 4
    }
    return nil
}
