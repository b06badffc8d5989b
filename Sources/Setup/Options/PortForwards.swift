import Wire

/// Ports of the machine's that are led in, as pasta's `-t` and `-u` say them: `8080`, `8080:80`,
/// `22,8000-8010:9000-9010`, `127.0.0.1/8080`, `none`.
package enum PortForwards {
    package static let form =
        "ports of the machine, such as 8080, 8080:80, 8000-8010:9000-9010 or 127.0.0.1/8080:80"

    /// How many ports one text may name.
    private static let limit = 4096

    /// Nil when `text` is not of the form.
    package static func parse(
        _ text: String, _ transport: PortPublication.Transport
    ) -> [PortPublication]? {
        if text == "none" { return [] }
        var rest = Substring(text)
        var address: IPAddress?
        if let slash = rest.firstIndex(of: "/") {
            guard let named = IPAddress(String(rest[..<slash])) else { return nil }
            address = named
            rest = rest[rest.index(after: slash)...]
        }
        var ports: [PortPublication] = []
        for item in rest.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = item.split(separator: ":", omittingEmptySubsequences: false)
            guard (1...2).contains(ends.count), let outer = range(ends[0]),
                let inner = range(ends[ends.count - 1]), inner.count == outer.count,
                ports.count + outer.count <= limit
            else { return nil }
            for (outer, inner) in zip(outer, inner) {
                ports.append(PortPublication(transport, at: address, outer, to: inner))
            }
        }
        return ports
    }

    private static func range(_ text: Substring) -> ClosedRange<UInt16>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(ends.count), let first = PortPublication.port(ends[0]),
            let last = PortPublication.port(ends[ends.count - 1]), first <= last
        else { return nil }
        return first...last
    }
}
