import Stack

/// What can be asked whether it is ready.
public enum Pollable: Sendable {
    /// A socket of any network.
    case socket(Socket)
    /// A descriptor of the kernel's; belongs to the caller.
    case descriptor(CInt)
    /// A set: it is readable when a wait on it would report something.
    case set(ReadySet)

    /// What the kernel is to be asked about.
    var descriptor: CInt? {
        switch self {
        case .socket(let socket): socket.backing.descriptor
        case .descriptor(let number): number
        case .set(let set): set.descriptor
        }
    }

    /// What a network is to be asked about; nil for what is the kernel's.
    var endpoint: (any NetworkEndpoint)? {
        guard case .socket(let socket) = self, socket.backing.descriptor == nil else { return nil }
        return socket.backing
    }
}
