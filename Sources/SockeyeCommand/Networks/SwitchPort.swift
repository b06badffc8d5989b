import Devices
import Memory
import Stack

/// A port of a network's switch: a connection that carries frames.
final class SwitchPort {
    let number: Int
    let link: UNIXStreamLink
    /// Frames that its peer did not read in time.
    private(set) var dropped = 0

    init(_ number: Int, _ link: UNIXStreamLink) {
        self.number = number
        self.link = link
    }

    /// What came of looking for a frame.
    enum Arrival: ~Copyable {
        case frame(Packet)
        case nothing
        /// The peer has gone.
        case over
    }

    func receive() -> Arrival {
        do throws(DeviceError) {
            guard let packet = try link.receive() else { return .nothing }
            return .frame(packet)
        } catch {
            return .over
        }
    }

    /// Sends a frame; it is lost where the peer has not read what came before.
    func send(_ packet: consuming Packet) {
        if case .full = link.send(packet) { dropped += 1 }
    }
}
