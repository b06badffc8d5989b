import Devices
import Glibc
import Stack
import Synchronization
import Wire

/// A socket of a Sockeye host: an endpoint of the stack behind the host's lock.
final class HostEndpoint: NetworkEndpoint {
    let driver: HostDriver
    let id: EndpointID
    let kind: EndpointKind
    let family: AddressFamily
    private let isOpen = Mutex(true)
    /// In how many sets it is held ready.
    let queuedCount = Atomic<Int>(0)

    convenience init(_ kind: EndpointKind, _ family: AddressFamily, on driver: HostDriver) {
        let id = driver.withHost { host in host.open(kind, family: family) }
        self.init(id, kind, family, on: driver)
    }

    init(_ id: EndpointID, _ kind: EndpointKind, _ family: AddressFamily, on driver: HostDriver) {
        self.id = id
        self.kind = kind
        self.family = family
        self.driver = driver
    }

    deinit { close() }

    /// A call that does not wait.
    func call<Result>(
        _ name: String, _ body: (inout Host) throws(StackError) -> Result
    ) throws(SocketError) -> Result {
        defer { settle() }
        do throws(StackError) {
            return try driver.withHost(body)
        } catch {
            throw SocketError(error, in: name)
        }
    }

    // MARK: - Names

    func bind(to name: SocketName) throws(SocketError) {
        try call("bind") { (host: inout Host) throws(StackError) in
            switch name {
            case .internet(let address): try host.bind(id, to: address)
            case .local(let name?): try host.bind(id, to: name)
            case .local(nil): try host.bindAutomatically(id)
            case .packet(let address): try host.bind(id, to: address)
            case .netlink(let port, let groups):
                try host.bind(id, toPort: port, groups: groups)
            case .unspecified: throw .invalidArgument
            }
        }
    }

    var localName: SocketName {
        get throws(SocketError) {
            try call("getsockname") { (host: inout Host) throws(StackError) in
                switch kind {
                case .packet: .packet(try host.packetAddress(of: id) ?? PacketAddress())
                case .local: .local(try host.localName(of: id))
                case .netlink: Self.name(try host.netlinkName(of: id))
                default: .internet(named(try host.localAddress(of: id)))
                }
            }
        }
    }

    /// A raw socket has its protocol's number where others have a port.
    private func named(_ address: SocketAddress) -> SocketAddress {
        guard case .raw(let proto) = kind else { return address }
        var address = address
        address.port = UInt16(proto.rawValue)
        return address
    }

    var remoteName: SocketName {
        get throws(SocketError) {
            try call("getpeername") { (host: inout Host) throws(StackError) in
                switch kind {
                case .local: .local(try host.peerName(of: id))
                // The host itself.
                case .netlink: .netlink(port: 0, groups: 0)
                default: .internet(try host.remoteAddress(of: id))
                }
            }
        }
    }

    var acceptedName: SocketName {
        get throws(SocketError) {
            guard kind == .stream else { return try remoteName }
            return try call("accept") { (host: inout Host) throws(StackError) in
                .internet(try host.peerAddress(ofAccepted: id))
            }
        }
    }

    private static func name(_ netlink: (portID: UInt32, groups: UInt32)) -> SocketName {
        .netlink(port: netlink.portID, groups: netlink.groups)
    }

    // MARK: - Connections

    func connect(to name: SocketName) throws(SocketError) {
        try call("connect") { (host: inout Host) throws(StackError) in
            switch name {
            case .internet(let address): try host.connect(id, to: address)
            case .local(let name?): try host.connect(id, to: name)
            case .unspecified: try host.disconnect(id)
            // There is nobody else to talk to than the host.
            case .netlink(let port, _): guard port == 0 else { throw .connectionRefused }
            case .local(nil), .packet: throw .invalidArgument
            }
        }
    }

    func finishConnect() throws(SocketError) {
        try call("connect") { (host: inout Host) throws(StackError) in
            do throws(StackError) {
                try host.finishConnect(id)
            } catch .alreadyInProgress {
                throw .wouldBlock
            } catch {
                throw error
            }
        }
    }

    func listen(backlog: Int) throws(SocketError) {
        try call("listen") { (host: inout Host) throws(StackError) in
            try host.listen(id, backlog: backlog)
        }
    }

    func accept() throws(SocketError) -> any NetworkEndpoint {
        let accepted = try call("accept") { (host: inout Host) throws(StackError) in
            try host.accept(id)
        }
        return HostEndpoint(accepted, kind, family, on: driver)
    }

    func shutdown(_ direction: Socket.Direction) throws(SocketError) {
        try call("shutdown") { (host: inout Host) throws(StackError) in
            switch direction {
            case .receiving: try host.shutdown(id, .receiving)
            case .sending: try host.shutdown(id, .sending)
            case .both: try host.shutdown(id, .both)
            }
        }
    }

    func close() { end { (host, id) in try? host.close(id) } }

    func abort() { end { (host, id) in try? host.abort(id) } }

    private func end(_ body: (inout Host, EndpointID) -> Void) {
        let wasOpen = isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        guard wasOpen else { return }
        let id = id
        var woken: [(Waiter, Readiness)] = []
        driver.withCore { core in
            body(&core.host, id)
            core.waiters.takeAll(id, into: &woken)
        }
        for (waiter, _) in woken { waiter.end() }
    }
}
