import Memory
import Wire

/// Requests for sockets: sock_diag(7).
extension Host {
    mutating func answerDiagnosis(
        _ message: NetlinkMessage, _ key: SlabIndex
    ) throws(NetlinkError) {
        let payload = message.payload
        guard message.type == .diagnosis, payload.count >= 2 else { throw .invalid }
        switch payload[0] {
        case NetlinkFamily.inet, NetlinkFamily.inet6: break
        case NetlinkFamily.unix:
            guard message.flags.asksForAll else { throw .notSupported }
            return try begin(try Self.localDump(message), key)
        case 46...: throw .invalid
        default: throw .noSuchEntry
        }
        let request = try Self.read(payload, DiagnosisRequest.init)
        guard message.flags.asksForAll else {
            return try answerSocket(message, request, key)
        }
        var dump = NetlinkDump(.sockets, sequence: message.sequence)
        dump.family = payload[0]
        dump.diagnosis = request
        var isBad = false
        try forEachAttribute(payload.extracting(droppingFirst: DiagnosisRequest.byteCount)) {
            guard $0 == DiagnosisAttribute.filter else { return }
            dump.filter = DiagnosisFilter($1)
            if dump.filter == nil { isBad = true }
        }
        if isBad { throw .invalid }
        try begin(dump, key)
    }

    /// `struct unix_diag_req`: family, protocol, two bytes, states, inode, what to show.
    private static func localDump(
        _ message: NetlinkMessage
    ) throws(NetlinkError) -> NetlinkDump {
        let payload = message.payload
        guard payload.count >= 24 else { throw .invalid }
        var dump = NetlinkDump(.localSockets, sequence: message.sequence)
        dump.diagnosis.states = payload.littleUInt32(at: 4)
        dump.table = payload.littleUInt32(at: 12)
        return dump
    }

    /// One socket, by both its ends.
    private mutating func answerSocket(
        _ message: NetlinkMessage, _ request: DiagnosisRequest, _ key: SlabIndex
    ) throws(NetlinkError) {
        var dump = NetlinkDump(.sockets, sequence: message.sequence)
        dump.family = request.family
        dump.diagnosis = request
        dump.diagnosis.states = .max
        while let found = nextSocket(&dump) {
            guard let found, found.answer.localPort == request.localPort,
                found.answer.remotePort == request.remotePort,
                found.answer.local == request.local, found.answer.remote == request.remote
            else { continue }
            var writer = NetlinkWriter()
            write(found, request, reply(to: message, .diagnosis, key), &writer)
            return netlink.deliver(NetlinkDatagram(bytes: writer.bytes), to: key)
        }
        throw .noSuchEntry
    }

    /// Writes the next socket of a dump; false when there is none.
    func writeSocket(
        _ dump: inout NetlinkDump, _ header: NetlinkHeader, _ writer: inout NetlinkWriter
    ) -> Bool {
        guard let next = nextSocket(&dump) else { return false }
        guard let found = next, dump.diagnosis.wants(found.answer),
            dump.filter?.accepts(found.answer) ?? true
        else { return true }
        var header = header
        header.type = .diagnosis
        write(found, dump.diagnosis, header, &writer)
        return true
    }

    private func write(
        _ found: FoundSocket, _ request: DiagnosisRequest, _ header: NetlinkHeader,
        _ writer: inout NetlinkWriter
    ) {
        writer.message(header) { writer in
            found.answer.write(to: &writer)
            if request.asks(for: DiagnosisAttribute.memory) {
                writer.attribute(DiagnosisAttribute.memory) { writer in
                    writer.append(found.answer.receiveQueue)
                    writer.append(found.answer.sendQueue)
                    writer.append(UInt32(0))
                    writer.append(found.answer.sendQueue)
                }
            }
            if request.proto == .tcp { writeDetails(of: found, request, &writer) }
        }
    }
}

/// A socket that a dump has come to.
struct FoundSocket {
    var answer: DiagnosisAnswer
    /// Where a connection is, of TCP.
    var connection: SlabIndex?
}

extension DiagnosisRequest {
    /// Whether an attribute is wanted.
    func asks(for attribute: UInt16) -> Bool { extensions >> UInt8(attribute &- 1) & 1 == 1 }

    fileprivate func wants(_ answer: DiagnosisAnswer) -> Bool {
        guard states >> UInt32(answer.state) & 1 == 1, answer.family == family else { return false }
        // Where ports are given, only those.
        if localPort != 0, localPort != answer.localPort { return false }
        return remotePort == 0 || remotePort == answer.remotePort
    }
}
