import Memory
import Wire

/// What is told of endpoints that speak within the host: `struct unix_diag_msg`, sock_diag(7).
extension Host {
    /// What a request shows, as bits, and the attributes that it makes.
    private enum Shown {
        static var name: UInt32 { 1 }
        static var peer: UInt32 { 4 }
        static var queues: UInt32 { 0x10 }
    }

    /// Writes the next endpoint of a dump; false when there is none.
    func writeLocalSocket(
        _ dump: inout NetlinkDump, _ header: NetlinkHeader, _ writer: inout NetlinkWriter
    ) -> Bool {
        guard dump.place < local.sockets.placeCount else { return false }
        let place = dump.place
        dump.place &+= 1
        guard let id = local.sockets.index(at: place) else { return true }
        let state: UInt8
        if local.sockets[id].isListening {
            state = LinuxState.listen
        } else if local.sockets[id].type == .datagram
            ? local.sockets[id].peer != nil : local.sockets[id].isConnected
        {
            state = LinuxState.established
        } else {
            state = LinuxState.closed
        }
        guard dump.diagnosis.states >> UInt32(state) & 1 == 1 else { return true }
        let shown = dump.table
        let name = shown & Shown.name != 0 ? local.sockets[id].name : nil
        var peer: SlabIndex?
        if shown & Shown.peer != 0 { peer = local.sockets[id].peer }
        let received =
            local.sockets[id].isListening
            ? local.sockets[id].waiting.count : local.sockets[id].bytes.count
        var sent = local.sockets[id].charged
        if case .listening(let backlog) = local.sockets[id].state { sent = backlog }
        let type = local.sockets[id].type
        var header = header
        header.type = .diagnosis
        writer.message(header) { writer in
            writer.append(NetlinkFamily.unix)
            writer.append(UInt8(type == .stream ? 1 : type == .datagram ? 2 : 5))
            writer.append(state)
            writer.append(UInt8(0))
            writer.append(id.place &+ 1)
            writer.append(id.place &+ 1)
            writer.append(id.generation)
            if let name {
                writer.attribute(0) { writer in
                    for index in name.bytes.indices { writer.append(name.bytes[index]) }
                }
            }
            if let peer { writer.attribute(2, peer.place &+ 1) }
            if shown & Shown.queues != 0 {
                writer.attribute(4) { writer in
                    writer.append(UInt32(clamping: received))
                    writer.append(UInt32(clamping: sent))
                }
            }
        }
        return true
    }
}
