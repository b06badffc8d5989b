import Devices
import Glibc
import Stack
import Synchronization
import Wire

/// A socket of the kernel's: a descriptor that never waits, and who waits for it.
final class KernelEndpoint: NetworkEndpoint {
    let system: SystemSocket
    let kind: EndpointKind
    let family: AddressFamily
    /// Whom `connect` was to reach.
    private let target = Mutex<SocketName?>(nil)
    /// Threads that wait in `poll`, to be woken when the socket is closed.
    let blocked = Mutex<[ObjectIdentifier: WakeUp]>([:])
    /// Who is told when the socket is closed.
    let closeWatchers = Mutex<[any EndpointWatcher]>([])

    convenience init(_ kind: EndpointKind, _ family: AddressFamily) throws(SocketError) {
        let numbers = KernelNumbers(kind, family)
        let system = try Self.call { () throws(DeviceError) in
            try SystemSocket(
                domain: numbers.domain, type: numbers.type, protocol: numbers.protocolNumber)
        }
        self.init(system, kind, family)
    }

    init(_ system: SystemSocket, _ kind: EndpointKind, _ family: AddressFamily) {
        self.system = system
        self.kind = kind
        self.family = family
    }

    deinit { close() }

    /// A call of the system, whose errors are those of the socket.
    static func call<Result>(
        _ body: () throws(DeviceError) -> Result
    ) throws(SocketError) -> Result {
        do throws(DeviceError) {
            return try body()
        } catch {
            throw SocketError(error.code, in: error.operation)
        }
    }

    // MARK: - Names

    func bind(to name: SocketName) throws(SocketError) {
        try Self.call { () throws(DeviceError) in try system.bind(to: name.bytes(for: family)) }
    }

    var localName: SocketName {
        get throws(SocketError) {
            let bytes = try Self.call { () throws(DeviceError) in try system.localName() }
            return try SocketName(bytes: bytes.span)
        }
    }

    var remoteName: SocketName {
        get throws(SocketError) {
            let bytes = try Self.call { () throws(DeviceError) in try system.remoteName() }
            return try SocketName(bytes: bytes.span)
        }
    }

    // MARK: - Connections

    func connect(to name: SocketName) throws(SocketError) {
        target.withLock { $0 = name }
        try Self.call { () throws(DeviceError) in try system.connect(to: name.bytes(for: family)) }
    }

    func finishConnect() throws(SocketError) {
        let ready = try readiness
        guard !ready.isDisjoint(with: [.writable, .error, .hangup]) else {
            throw SocketError(EAGAIN, in: "connect")
        }
        // Asked again, the kernel tells how it went and has the socket ready for another attempt;
        // SO_ERROR would leave it in between.
        guard let target = target.withLock({ $0 }) else {
            if let error = try takeError() { throw SocketError(error.code, in: "connect") }
            return
        }
        do throws(SocketError) {
            try connect(to: target)
        } catch {
            switch error.code {
            case EISCONN: return
            case EALREADY, EINPROGRESS: throw SocketError(EAGAIN, in: "connect")
            default: throw error
            }
        }
    }

    func listen(backlog: Int) throws(SocketError) {
        try Self.call { () throws(DeviceError) in try system.listen(backlog: backlog) }
    }

    func accept() throws(SocketError) -> any NetworkEndpoint {
        let accepted = try Self.call { () throws(DeviceError) in try system.accept() }
        return KernelEndpoint(accepted, kind, family)
    }

    func shutdown(_ direction: Socket.Direction) throws(SocketError) {
        // A handshake that this ends is not to begin anew when `finishConnect` asks for it.
        target.withLock { $0 = nil }
        try Self.call { () throws(DeviceError) in
            try system.shutdown(
                receiving: direction != .sending, sending: direction != .receiving)
        }
    }

    func close() {
        // The number stays the socket's until nobody waits for it any more.
        try? system.use("close") { _ in
            system.close()
            let waiters = KernelPoller.shared.removeAll(system)
            for wakeUp in blocked.withLock({ Array($0.values) }) { wakeUp.signal() }
            for waiter in waiters { waiter.end() }
            for watcher in closeWatchers.withLock({ $0 }) { watcher.endpointClosed() }
        }
    }

    func abort() {
        system.resetOnClose()
        close()
    }

    // MARK: - Options

    func option(
        _ level: Int32, _ name: Int32, capacity: Int
    ) throws(SocketError) -> [UInt8] {
        try Self.call { () throws(DeviceError) in
            try system.option(level, name, capacity: capacity)
        }
    }

    func setOption(_ level: Int32, _ name: Int32, _ bytes: Span<UInt8>) throws(SocketError) {
        try Self.call { () throws(DeviceError) in try system.setOption(level, name, bytes) }
    }

    func control(_ request: UInt, _ bytes: [UInt8]) throws(SocketError) -> [UInt8] {
        try Self.call { () throws(DeviceError) in try system.control(request, bytes) }
    }

    func takeError() throws(SocketError) -> SocketError? {
        let code = try Self.call { () throws(DeviceError) in
            try system.number(SOL_SOCKET, SO_ERROR)
        }
        return code == 0 ? nil : SocketError(code, in: "getsockopt")
    }

    // MARK: - Descriptors that are passed on

    /// Whether a descriptor is a socket of a kind that there is here.
    static func isSupported(_ number: CInt) -> Bool { KernelNumbers.kind(of: number) != nil }

    /// The socket behind a descriptor that was received, which is its own from now on.
    static func socket(received number: CInt) -> Socket? {
        guard let (kind, family) = KernelNumbers.kind(of: number),
            let system = try? SystemSocket(received: number)
        else { return nil }
        return Socket(KernelEndpoint(system, kind, family), kind, family, on: .kernel)
    }
}
