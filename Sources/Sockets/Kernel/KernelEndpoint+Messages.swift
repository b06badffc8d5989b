import Devices
import Glibc
import Stack

/// Bytes and messages of the kernel's sockets.
extension KernelEndpoint {
    func send(_ bytes: Span<UInt8>) throws(SocketError) -> Int {
        try Self.call { () throws(DeviceError) in try system.send(bytes) }
    }

    func receive(into buffer: inout MutableSpan<UInt8>) throws(SocketError) -> Int {
        do throws(DeviceError) {
            return try system.receive(into: &buffer)
        } catch {
            throw SocketError(error.code, in: error.operation)
        }
    }

    func send(
        _ bytes: Span<UInt8>, to name: SocketName?, _ control: [ControlMessage],
        _ flags: MessageFlags
    ) throws(SocketError) -> Int {
        var controlBytes: [UInt8] = []
        for message in control { try KernelControl.append(message, to: &controlBytes) }
        let nameBytes = name?.bytes(for: family) ?? []
        return try Self.call { () throws(DeviceError) in
            try system.send(
                bytes, to: nameBytes, control: controlBytes, flags: flags.rawValue)
        }
    }

    func receiveMessage(
        into buffer: inout MutableSpan<UInt8>, _ flags: MessageFlags
    ) throws(SocketError) -> ReceivedMessage {
        // Messages have a length of their own, which the system tells if it is asked; of a stream
        // it would throw bytes away.
        let isStream = kind == .stream || kind == .local(.stream)
        let asked = isStream ? flags : flags.union(.truncated)
        let message: SystemSocket.Message
        do throws(DeviceError) {
            message = try system.receiveMessage(into: &buffer, flags: asked.rawValue)
        } catch {
            // Where it was shut down there is nothing to wait for: who would wait reads the end.
            let mayWait = flags.isDisjoint(with: [.dontWait, .errorQueue])
            if error.code == EAGAIN, mayWait, !isStream, try readiness.contains(.readHangup) {
                return ReceivedMessage(count: 0)
            }
            throw SocketError(error.code, in: error.operation)
        }
        let count = isStream ? message.count : min(message.count, buffer.count)
        return ReceivedMessage(
            count: count, fullCount: message.count,
            source: message.name.isEmpty ? nil : try SocketName(bytes: message.name.span),
            control: KernelControl.messages(in: message.control),
            flags: MessageFlags(rawValue: message.flags)
                .subtracting(.closeOnExec))
    }
}
