import Devices

/// A run's place at the switch: the connection by which it joined.
final class SwitchSeat {
    let stream: LocalStream
    /// Who it is; nil until it has joined.
    var member: NetworkMember?
    private var lines = NetworkLines()

    init(_ stream: LocalStream) { self.stream = stream }

    /// What has come in, nil at the end of the connection.
    func receive() -> [NetworkMessage]? {
        let bytes: [UInt8]
        do throws(DeviceError) {
            bytes = try stream.receive()
        } catch {
            return SwitchProcess.isOnlyLate(error) ? [] : nil
        }
        guard !bytes.isEmpty else { return nil }
        lines.append(bytes)
        var messages: [NetworkMessage] = []
        while let line = lines.next() {
            if let message = NetworkMessage(line) { messages.append(message) }
        }
        return messages
    }

    /// Tells the run; one that takes nothing in time learns nothing.
    func tell(_ messages: [NetworkMessage]) {
        let text = messages.map { $0.line + "\n" }.joined()
        try? stream.send(Array(text.utf8))
    }
}
