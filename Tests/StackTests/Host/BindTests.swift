import Memory
import Testing
import Wire

@testable import Stack

/// Who may have a name beside whom: the answers of Linux 6.18, taken down from it.
@Suite("Binding") struct BindTests {
    /// `SO_REUSEADDR` and `SO_REUSEPORT` of an endpoint, in the order of the columns.
    static let sharing: [(address: Bool, port: Bool)] = [
        (false, false), (true, false), (false, true), (true, true),
    ]

    /// For each sharing of the first endpoint and of the second: whether the second may bind, and
    /// then whether it may listen.
    static let separate = "yy yy yy yy yy yy yy yy yy yy yy yy yy yy yy yy"
    static let besideBound = "n n n n n yy n yy n n yy yy n yy yy yy"
    static let besideListening = "n n n n n n n n n n yy yy n n yy yy"
    static let besideDatagrams = "n n n n n y n y n n y y n y y y"

    enum Name: String, CaseIterable {
        case any4 = "0.0.0.0"
        case loopback4 = "127.0.0.1"
        case own4 = "10.7.0.1"
        case any6 = "::"
        case only6 = "v6only ::"
        case loopback6 = "::1"
        case mapped = "::ffff:127.0.0.1"

        var address: IPAddress {
            switch self {
            case .any4: .unspecifiedV4
            case .loopback4, .mapped: .v4(127, 0, 0, 1)
            case .own4: BareLinks.own4
            case .any6, .only6: .unspecifiedV6
            case .loopback6: IPAddress(IPv6Address.loopback)
            }
        }
        var family: AddressFamily {
            switch self {
            case .any4, .loopback4, .own4: .inet
            default: .inet6
            }
        }

        /// Which names stand for a common address.
        static let overlapping: [Name: [Name]] = [
            .any4: [.any4, .loopback4, .own4, .any6, .mapped],
            .loopback4: [.any4, .loopback4, .any6, .mapped],
            .own4: [.any4, .own4, .any6],
            .any6: [.any4, .loopback4, .own4, .any6, .only6, .loopback6, .mapped],
            .only6: [.any6, .only6, .loopback6],
            .loopback6: [.any6, .only6, .loopback6],
            .mapped: [.any4, .loopback4, .any6, .mapped],
        ]
    }

    private func open(
        _ kind: EndpointKind, _ name: Name, _ share: (address: Bool, port: Bool),
        _ link: BareLinks
    ) throws -> EndpointID {
        let endpoint = link.host.open(kind, family: name.family)
        try link.set(endpoint) { options in
            options.sharesAddress = share.address
            options.sharesPort = share.port
            options.isV6Only = name == .only6
        }
        return endpoint
    }

    /// `y` or `n` for `bind`, and for `listen` if it comes to that.
    private func answer(
        _ second: EndpointID, _ address: SocketAddress, listens: Bool, _ link: BareLinks
    ) throws -> String {
        do throws(StackError) {
            try link.host.bind(second, to: address)
        } catch {
            return error == .addressInUse ? "n" : "\(error)"
        }
        guard listens else { return "y" }
        do throws(StackError) {
            try link.host.listen(second, backlog: 1)
        } catch {
            return error == .addressInUse ? "yn" : "\(error)"
        }
        return "yy"
    }

    private func row(
        _ kind: EndpointKind, _ first: Name, _ second: Name, isListening: Bool
    ) throws -> String {
        var answers: [String] = []
        for one in Self.sharing {
            for two in Self.sharing {
                let link = BareLinks()
                let holder = try open(kind, first, one, link)
                try link.host.bind(holder, to: SocketAddress(address: first.address, port: 80))
                if isListening { try link.host.listen(holder, backlog: 1) }
                let asker = try open(kind, second, two, link)
                answers.append(
                    try answer(
                        asker, SocketAddress(address: second.address, port: 80),
                        listens: kind == .stream, link))
            }
        }
        return answers.joined(separator: " ")
    }

    @Test("A stream beside one that is bound, beside one that listens", arguments: Name.allCases)
    func streams(_ first: Name) throws {
        for second in Name.allCases {
            let overlap = Name.overlapping[first]?.contains(second) == true
            let bound = try row(.stream, first, second, isListening: false)
            #expect(bound == (overlap ? Self.besideBound : Self.separate), "\(first) \(second)")
            let listening = try row(.stream, first, second, isListening: true)
            #expect(
                listening == (overlap ? Self.besideListening : Self.separate),
                "\(first) \(second)")
        }
    }

    @Test("A datagram endpoint beside another", arguments: Name.allCases)
    func datagrams(_ first: Name) throws {
        let separate = Self.separate.replacing("yy", with: "y")
        for second in Name.allCases {
            let overlap = Name.overlapping[first]?.contains(second) == true
            let answers = try row(.datagram, first, second, isListening: false)
            #expect(answers == (overlap ? Self.besideDatagrams : separate), "\(first) \(second)")
        }
    }

    // MARK: - Connections

    /// What has the port: connections whose port was chosen, named or a listener's, and what
    /// remains of them.
    enum Holder: CaseIterable {
        case chosen, named, child, chosenOver, namedOver, childOver
    }

    private func connect(_ holder: Holder, _ share: (address: Bool, port: Bool), _ link: BareLinks)
        throws -> UInt16
    {
        let isChild = holder == .child || holder == .childOver
        let none = (address: false, port: false)
        let loopback = IPAddress.v4(127, 0, 0, 1)
        let server = SocketAddress(address: loopback, port: 80)
        let listener = try open(.stream, .loopback4, isChild ? share : none, link)
        try link.host.bind(listener, to: server)
        try link.host.listen(listener, backlog: 4)
        let client = try open(.stream, .loopback4, isChild ? none : share, link)
        if holder == .named || holder == .namedOver {
            try link.host.bind(client, to: SocketAddress(address: loopback, port: 0))
        }
        #expect(throws: StackError.inProgress) { try link.host.connect(client, to: server) }
        link.wait(.milliseconds(1))
        let accepted = try link.host.accept(listener)
        let port = try link.host.localAddress(of: client).port
        if isChild { try link.host.close(listener) }
        switch holder {
        case .chosen, .named, .child: return isChild ? 80 : port
        case .chosenOver, .namedOver:
            try link.host.close(client)
            link.wait(.milliseconds(100))
            try link.host.close(accepted)
        case .childOver:
            try link.host.close(accepted)
            link.wait(.milliseconds(100))
            try link.host.close(client)
        }
        link.wait(.milliseconds(100))
        return isChild ? 80 : port
    }

    @Test(
        "A stream beside connections and what remains of them in TIME-WAIT",
        arguments: Holder.allCases)
    func connections(_ holder: Holder) throws {
        for second in [Name.loopback4, .any4, .own4] {
            var answers: [String] = []
            for one in Self.sharing {
                for two in Self.sharing {
                    let link = BareLinks()
                    let port = try connect(holder, one, link)
                    let asker = try open(.stream, second, two, link)
                    answers.append(
                        try answer(
                            asker, SocketAddress(address: second.address, port: port),
                            listens: true, link))
                }
            }
            let expected = second == .own4 ? Self.separate : Self.besideBound
            #expect(answers.joined(separator: " ") == expected, "\(second)")
        }
    }

    @Test("Options count as they are when somebody else binds")
    func changed() throws {
        let link = BareLinks()
        let name = SocketAddress(address: .unspecifiedV4, port: 80)
        let one = try open(.stream, .any4, (false, false), link)
        try link.host.bind(one, to: name)
        let two = try open(.stream, .any4, (true, false), link)
        #expect(throws: StackError.addressInUse) { try link.host.bind(two, to: name) }
        try link.set(one) { $0.sharesAddress = true }
        try link.host.bind(two, to: name)
        // Of two that are bound one may listen.
        try link.host.listen(one, backlog: 1)
        #expect(throws: StackError.addressInUse) { try link.host.listen(two, backlog: 1) }
        try link.host.close(one)
        try link.host.listen(two, backlog: 1)
        try link.host.close(two)
        #expect(link.host.tcp.ports.count == 0)
    }

    @Test("Two interfaces are two worlds, and none is both")
    func interfaces() throws {
        let link = BareLinks()
        for kind in [EndpointKind.stream, .datagram] {
            var answers: [String] = []
            for interface in [link.first, link.second, link.first, nil] {
                let endpoint = try open(kind, .any4, (false, false), link)
                try link.set(endpoint) { $0.boundInterface = interface }
                answers.append(
                    try answer(
                        endpoint, SocketAddress(address: .unspecifiedV4, port: 7), listens: false,
                        link))
            }
            #expect(answers == ["y", "y", "n", "n"])
        }
    }

    @Test("Nobody gets a port of others by asking for any")
    func any() throws {
        var configuration = HostConfiguration(seed: (1, 2))
        configuration.ephemeralPorts = 50_000...50_003
        var host = Host(configuration)
        var ports: Set<UInt16> = []
        for _ in 0..<4 {
            let endpoint = host.open(.stream)
            var options = try host.options(of: endpoint)
            (options.sharesAddress, options.sharesPort) = (true, true)
            try host.setOptions(options, of: endpoint)
            try host.bind(endpoint, to: SocketAddress(address: .unspecifiedV4, port: 0))
            ports.insert(try host.localAddress(of: endpoint).port)
        }
        #expect(ports.count == 4)
        let late = host.open(.stream)
        #expect(throws: StackError.addressInUse) {
            try host.bind(late, to: SocketAddress(address: .unspecifiedV4, port: 0))
        }
    }

    @Test("Privileged ports are refused where the configuration says so")
    func privileged() throws {
        var configuration = HostConfiguration(seed: (1, 2))
        configuration.firstUnprivilegedPort = 1024
        for kind in [EndpointKind.stream, .datagram] {
            for family in [AddressFamily.inet, .inet6] {
                var host = Host(configuration)
                let endpoint = host.open(kind, family: family)
                for port: UInt16 in [1, 80, 1023] {
                    #expect(throws: StackError.accessDenied) {
                        try host.bind(
                            endpoint, to: SocketAddress(address: family.unspecified, port: port))
                    }
                }
                try host.bind(
                    endpoint, to: SocketAddress(address: family.unspecified, port: 1024))
                let other = host.open(kind, family: family)
                try host.bind(other, to: SocketAddress(address: family.unspecified, port: 0))
            }
        }
    }

    @Test("A name is given once; what is not the host's is refused first in IPv4, then in IPv6")
    func twice() throws {
        let link = BareLinks()
        for kind in [EndpointKind.stream, .datagram] {
            let four = try open(kind, .loopback4, (false, false), link)
            try link.host.bind(four, to: BareLinks.name("127.0.0.1:0"))
            #expect(throws: StackError.invalidArgument) {
                try link.host.bind(four, to: BareLinks.name("127.0.0.1:0"))
            }
            #expect(throws: StackError.addressNotAvailable) {
                try link.host.bind(four, to: BareLinks.name("10.7.9.9:0"))
            }
            let six = try open(kind, .loopback6, (false, false), link)
            try link.host.bind(six, to: BareLinks.name("[::1]:0"))
            #expect(try link.host.options(of: six).isV6Only)
            #expect(throws: StackError.invalidArgument) {
                try link.host.bind(six, to: BareLinks.name("[2001:db8::99]:0"))
            }
        }
    }

    @Test("A host with many connections on a port answers from a few entries, and forgets them all")
    func counted() throws {
        let link = BareLinks()
        var streams: [EndpointID] = []
        let server = BareLinks.name("127.0.0.1:80")
        let listener = try open(.stream, .loopback4, (false, false), link)
        try link.host.bind(listener, to: server)
        try link.host.listen(listener, backlog: 100)
        for _ in 0..<50 {
            let client = try open(.stream, .loopback4, (false, false), link)
            #expect(throws: StackError.inProgress) { try link.host.connect(client, to: server) }
            link.wait(.milliseconds(1))
            streams += [client, try link.host.accept(listener)]
        }
        #expect(link.host.tcp.ports.count == 101)
        for stream in streams { try link.host.abort(stream) }
        try link.host.close(listener)
        link.wait(.seconds(120))
        #expect(link.host.tcp.ports.count == 0)
    }
}
