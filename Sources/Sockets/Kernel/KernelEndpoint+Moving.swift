import Devices
import Glibc

/// Between two sockets of the kernel's, bytes are looked at, given on, and then taken: as many as the
/// other side took, so that none is kept here.
extension KernelEndpoint {
    func takeBytes(
        from source: SystemSocket, atMost limit: Int
    ) throws(SocketError) -> MovedBytes {
        var buffer = Self.buffer(limit)
        let count: Int
        do throws(DeviceError) {
            count = try Self.peek(source, &buffer)
        } catch {
            return error.code == EAGAIN ? .nothing : .failed(error.code)
        }
        guard count > 0 else { return .ended }
        do throws(SocketError) {
            let sent = try send(buffer.span.extracting(first: count))
            try Self.call { () throws(DeviceError) in try Self.take(sent, source, &buffer) }
            return .moved(sent)
        } catch {
            guard error.isWouldBlock else { throw error }
            return .noRoom
        }
    }

    func giveBytes(
        to sink: SystemSocket, atMost limit: Int
    ) throws(SocketError) -> MovedBytes {
        var buffer = Self.buffer(limit)
        let count: Int
        do throws(SocketError) {
            count = try Self.call { () throws(DeviceError) in try Self.peek(system, &buffer) }
        } catch {
            guard error.isWouldBlock else { throw error }
            return .nothing
        }
        guard count > 0 else { return .ended }
        let given: Int
        do throws(DeviceError) {
            given = try sink.send(buffer.span.extracting(first: count))
        } catch {
            return error.code == EAGAIN ? .noRoom : .failed(error.code)
        }
        try Self.call { () throws(DeviceError) in try Self.take(given, system, &buffer) }
        return .moved(given)
    }

    private static func buffer(_ limit: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: min(limit, 1 << 16))
    }

    private static func peek(
        _ socket: SystemSocket, _ buffer: inout [UInt8]
    ) throws(DeviceError) -> Int {
        var span = buffer.mutableSpan
        return try socket.receiveMessage(into: &span, flags: CInt(MSG_PEEK)).count
    }

    private static func take(
        _ count: Int, _ socket: SystemSocket, _ buffer: inout [UInt8]
    ) throws(DeviceError) {
        guard count > 0 else { return }
        var span = buffer.mutableSpan
        var room = span._mutatingExtracting(first: count)
        _ = try socket.receive(into: &room)
    }
}
