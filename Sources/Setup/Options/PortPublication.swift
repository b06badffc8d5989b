import Wire

/// A port of the machine at which a port inside is reached: `8080:80`, `127.0.0.1:8080:80`,
/// `[::1]:5353:53/udp`; `8080` alone has the same port inside.
package struct PortPublication: Hashable, Sendable {
    package enum Transport: String, Sendable {
        case tcp
        case udp
    }

    package var transport: Transport
    /// The machine's address; nil for all of them.
    package var address: IPAddress?
    /// The machine's port.
    package var outer: UInt16
    /// The port inside.
    package var inner: UInt16

    package static let form = "[ADDRESS:]HOSTPORT:PORT[/udp], such as 8080:80"

    package init(
        _ transport: Transport, at address: IPAddress? = nil, _ outer: UInt16, to inner: UInt16
    ) {
        self.transport = transport
        self.address = address
        self.outer = outer
        self.inner = inner
    }

    /// Nil when `text` is not of the form.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        transport = .tcp
        if parts.count > 1 {
            guard let named = Transport(rawValue: String(parts[1])) else { return nil }
            transport = named
        }
        var rest = parts[0]
        address = nil
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]"),
                let named = IPAddress(String(rest[rest.index(after: rest.startIndex)..<end])),
                !named.isIPv4
            else { return nil }
            address = named
            rest = rest[rest.index(after: end)...]
            guard rest.popFirst() == ":" else { return nil }
        }
        var words = rest.split(separator: ":", omittingEmptySubsequences: false)
        if words.count == 3 {
            guard address == nil, let named = IPAddress(String(words.removeFirst())) else {
                return nil
            }
            address = named
        }
        guard words.count == 2 || words.count == 1 && address == nil,
            let outer = Self.port(words[0]), let inner = Self.port(words[words.count - 1])
        else { return nil }
        self.outer = outer
        self.inner = inner
    }

    /// A port but 0; nil for all else.
    package static func port(_ text: Substring) -> UInt16? {
        guard let first = text.first, first.isASCII, first.isNumber, let number = UInt16(text),
            number > 0
        else { return nil }
        return number
    }
}

extension PortPublication: CustomStringConvertible {
    package var description: String {
        let ports = "\(outer):\(inner)" + (transport == .udp ? "/udp" : "")
        guard let address else { return ports }
        return (address.isIPv4 ? "\(address)" : "[\(address)]") + ":" + ports
    }
}
