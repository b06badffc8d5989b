import Memory
import Wire

/// Which sockets are meant, as a program that the asker sends (`INET_DIAG_REQ_BYTECODE`): each step
/// is four bytes, a test, how far to go if it holds and how far if not. A socket is meant if the
/// program ends exactly at its end.
struct DiagnosisFilter {
    private let steps: [UInt8]

    private enum Code {
        static var none: UInt8 { 0 }
        static var jump: UInt8 { 1 }
        static var localPortAtLeast: UInt8 { 2 }
        static var localPortAtMost: UInt8 { 3 }
        static var remotePortAtLeast: UInt8 { 4 }
        static var remotePortAtMost: UInt8 { 5 }
        static var boundAutomatically: UInt8 { 6 }
        static var localHost: UInt8 { 7 }
        static var remoteHost: UInt8 { 8 }
        static var interface: UInt8 { 9 }
        static var localPort: UInt8 { 11 }
        static var remotePort: UInt8 { 12 }
    }

    /// Nil for a program that goes back, beyond its end or into the middle of a step, or that tests
    /// what is not known here.
    init?(_ program: Span<UInt8>) {
        var steps: [UInt8] = []
        for index in 0..<program.count { steps.append(program[index]) }
        self.steps = steps
        guard steps.count & 3 == 0, !steps.isEmpty else { return nil }
        var place = 0
        while place < steps.count {
            guard let size = size(of: place) else { return nil }
            let (yes, no) = (Int(steps[place &+ 1]), word(place &+ 2))
            guard yes >= size, yes & 3 == 0, yes <= steps.count &- place else { return nil }
            // One step too far is how a program says no.
            guard no >= 4, no & 3 == 0, no <= steps.count &- place &+ 4 else { return nil }
            place &+= yes
        }
    }

    /// Bytes of a step with what it compares; nil for one that is not whole or not known.
    private func size(of place: Int) -> Int? {
        let rest = steps.count &- place
        switch steps[place] {
        case Code.none, Code.jump, Code.boundAutomatically: return 4
        case Code.localPortAtLeast...Code.remotePortAtMost, Code.localPort, Code.remotePort,
            Code.interface:
            return rest >= 8 ? 8 : nil
        case Code.localHost, Code.remoteHost:
            guard rest >= 12 else { return nil }
            let count: Int
            switch steps[place &+ 4] {
            case NetlinkFamily.unspecified: count = 0
            case NetlinkFamily.inet: count = 4
            case NetlinkFamily.inet6: count = 16
            default: return nil
            }
            guard Int(steps[place &+ 5]) <= 8 &* count else { return nil }
            return rest >= 12 &+ count ? 12 &+ count : nil
        default: return nil
        }
    }

    private func word(_ place: Int) -> Int { Int(steps[place]) | Int(steps[place &+ 1]) << 8 }

    func accepts(_ socket: DiagnosisAnswer) -> Bool {
        var place = 0
        // Each step goes forward, as was looked at.
        while place < steps.count {
            guard let size = size(of: place) else { return false }
            let holds = holds(place, size, socket)
            place &+= holds ? Int(steps[place &+ 1]) : word(place &+ 2)
        }
        return place == steps.count
    }

    private func holds(_ place: Int, _ size: Int, _ socket: DiagnosisAnswer) -> Bool {
        let (local, remote) = (Int(socket.localPort), Int(socket.remotePort))
        // The port stands in the step behind, where that would go if it did not hold.
        let port = size == 8 ? word(place &+ 6) : 0
        switch steps[place] {
        case Code.jump: return false
        case Code.localPortAtLeast: return local >= port
        case Code.localPortAtMost: return local <= port
        case Code.remotePortAtLeast: return remote >= port
        case Code.remotePortAtMost: return remote <= port
        case Code.localPort: return local == port
        case Code.remotePort: return remote == port
        case Code.boundAutomatically: return false
        case Code.interface:
            return Int(socket.interface) == word(place &+ 4) | word(place &+ 6) << 16
        case Code.localHost: return matches(place, socket.local, socket.localPort)
        case Code.remoteHost: return matches(place, socket.remote, socket.remotePort)
        default: return true
        }
    }

    /// Whether an end is in a prefix and, unless that is left open, at a port.
    private func matches(_ place: Int, _ address: IPAddress, _ port: UInt16) -> Bool {
        let wanted = UInt32(word(place &+ 8)) | UInt32(word(place &+ 10)) << 16
        guard wanted == .max || wanted == UInt32(port) else { return false }
        let length = Int(steps[place &+ 5])
        guard length > 0 else { return true }
        let count = steps[place &+ 4] == NetlinkFamily.inet ? 4 : 16
        let named = NetlinkFamily.address(
            steps.span.extracting(place &+ 12..<place &+ 12 &+ count))
        guard let named, let prefix = IPPrefix(address: named, length: min(length, named.bitCount))
        else { return false }
        return prefix.masked.contains(address)
    }
}
