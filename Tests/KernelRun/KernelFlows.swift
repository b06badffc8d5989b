import CLinux
import Glibc
import Launcher
import Wire

/// Flows that are sockets of the kernel: what the launcher is tested against where no stack is
/// needed, and what it is compared with.
///
/// Two addresses are of its own making: 10.0.2.4 stands for 127.0.0.1, and port 53 of every
/// address for the port of 127.0.0.1 that `dns` names. 10.0.2.9 never answers.
final class KernelFlows: FlowTable {
    private struct Flow {
        var isStream: Bool
        var isConnecting = false
        /// What the program believes to talk to.
        var remote: SocketAddress?
    }

    private let epoll = clinux_epoll_create()
    /// By the number of the socket, which names the flow too.
    private var flows: [CInt: Flow] = [:]
    private var events: [FlowEvent] = []
    private let dns: UInt16

    init(dns: UInt16) {
        self.dns = dns
    }

    private func number(_ flow: FlowID) -> CInt { CInt(truncatingIfNeeded: flow.rawValue) }
    private func name(_ number: CInt) -> FlowID { FlowID(rawValue: UInt64(number)) }

    // MARK: Addresses

    private static let services = IPAddress.v4(10, 0, 2, 4)
    private static let silent = IPAddress.v4(10, 0, 2, 9)
    private static let host = IPAddress.v4(10, 0, 2, 15)
    private static let loopback = IPAddress.v4(127, 0, 0, 1)

    private func outside(_ address: SocketAddress) -> SocketAddress {
        if address.port == 53 { return SocketAddress(address: Self.loopback, port: dns) }
        if address.address == Self.services {
            return SocketAddress(address: Self.loopback, port: address.port)
        }
        return address
    }

    private func withRaw<Result>(
        _ address: SocketAddress, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var raw = sockaddr_in()
        raw.sin_family = sa_family_t(AF_INET)
        raw.sin_port = address.port.bigEndian
        raw.sin_addr.s_addr = (address.address.v4 ?? .unspecified).rawValue.bigEndian
        return unsafe withUnsafePointer(to: &raw) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    // MARK: Opening and naming

    func openStream() throws(SystemError) -> FlowID { try open(SOCK_STREAM) }
    func openDatagram() throws(SystemError) -> FlowID { try open(SOCK_DGRAM) }

    private func open(_ type: __socket_type) throws(SystemError) -> FlowID {
        let flags = CInt(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let number = socket(AF_INET, CInt(type.rawValue) | flags, 0)
        guard number >= 0 else { throw SystemError(errno) }
        flows[number] = Flow(isStream: type == SOCK_STREAM)
        if type == SOCK_DGRAM { watch(number) }
        return name(number)
    }

    private func watch(_ number: CInt) {
        let interest =
            CLINUX_READABLE.rawValue | CLINUX_WRITABLE.rawValue | CLINUX_HALF_CLOSED.rawValue
            | CLINUX_ON_CHANGE.rawValue
        _ = clinux_epoll_control(
            epoll, CInt(CLINUX_ADD.rawValue), number, UInt64(number), interest)
    }

    func bind(_ flow: FlowID, to local: SocketAddress) throws(SystemError) {
        let address =
            local.address == Self.host
            ? SocketAddress(address: .unspecifiedV4, port: local.port) : local
        let result = unsafe withRaw(address) { unsafe Glibc.bind(number(flow), $0, $1) }
        guard result == 0 else { throw SystemError(errno) }
    }

    func localAddress(_ flow: FlowID) -> SocketAddress? {
        var raw = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &raw) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(number(flow), $0, &length)
            }
        }
        guard result == 0, raw.sin_port != 0 else { return nil }
        return SocketAddress(address: Self.host, port: UInt16(bigEndian: raw.sin_port))
    }

    func setOption(_ flow: FlowID, _ option: FlowOption) {
        guard case .noDelay(let isOn) = option else { return }
        var value: CInt = isOn ? 1 : 0
        unsafe setsockopt(number(flow), CInt(IPPROTO_TCP), TCP_NODELAY, &value, 4)
    }

    // MARK: Streams

    func connect(_ flow: FlowID, to remote: SocketAddress) throws(SystemError) {
        flows[number(flow)]?.isConnecting = true
        flows[number(flow)]?.remote = remote
        if remote.address == Self.silent { return }
        watch(number(flow))
        let result = unsafe withRaw(outside(remote)) { unsafe Glibc.connect(number(flow), $0, $1) }
        guard result == 0 || errno == EINPROGRESS else { throw SystemError(errno) }
    }

    func send(_ flow: FlowID, _ bytes: Span<UInt8>) throws(SystemError) -> Int {
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(number(flow), $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
        }
        if count < 0 {
            guard errno == EAGAIN else { throw SystemError(errno) }
            return 0
        }
        return count
    }

    func receive(_ flow: FlowID, into bytes: inout MutableSpan<UInt8>) throws(SystemError)
        -> StreamRead
    {
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe recv(number(flow), $0.baseAddress, $0.count, 0)
        }
        if count > 0 { return .bytes(count) }
        if count == 0 { return .endOfStream }
        guard errno == EAGAIN else { throw SystemError(errno) }
        return .wouldBlock
    }

    func shutdownWrite(_ flow: FlowID) {
        shutdown(number(flow), CInt(SHUT_WR))
    }

    // MARK: Datagrams

    func connectDatagram(_ flow: FlowID, to remote: SocketAddress?) throws(SystemError) {
        flows[number(flow)]?.remote = remote
        guard let remote else { return }
        let result = unsafe withRaw(outside(remote)) { unsafe Glibc.connect(number(flow), $0, $1) }
        guard result == 0 else { throw SystemError(errno) }
    }

    func sendDatagram(_ flow: FlowID, _ bytes: Span<UInt8>, to remote: SocketAddress?)
        throws(SystemError)
    {
        if let remote { flows[number(flow)]?.remote = remote }
        let count = unsafe bytes.withUnsafeBytes { bytes in
            guard let remote else {
                return unsafe Glibc.send(number(flow), bytes.baseAddress, bytes.count, 0)
            }
            return unsafe withRaw(outside(remote)) {
                unsafe sendto(number(flow), bytes.baseAddress, bytes.count, 0, $0, $1)
            }
        }
        guard count >= 0 || errno == EAGAIN else { throw SystemError(errno) }
    }

    func receiveDatagram(_ flow: FlowID, into bytes: inout MutableSpan<UInt8>) throws(SystemError)
        -> DatagramRead?
    {
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe recv(number(flow), $0.baseAddress, $0.count, 0)
        }
        guard count >= 0 else {
            guard errno == EAGAIN else { throw SystemError(errno) }
            return nil
        }
        let unknown = SocketAddress(address: .unspecifiedV4, port: 0)
        return DatagramRead(count: count, source: flows[number(flow)]?.remote ?? unknown)
    }

    // MARK: The end

    func close(_ flow: FlowID) {
        flows[number(flow)] = nil
        Glibc.close(number(flow))
    }

    func abort(_ flow: FlowID) {
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(
            number(flow), SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        close(flow)
    }

    // MARK: Driving

    var pollDescriptor: CInt { epoll }
    var nextDeadline: Int64? { nil }
    var hasUnfinishedFlows: Bool { false }

    func advance() {
        var ready = [clinux_ready](repeating: clinux_ready(), count: Int(CLINUX_READY_CAPACITY))
        let count = unsafe clinux_epoll_wait(epoll, &ready, 0)
        for position in 0..<max(Int(count), 0) {
            note(CInt(truncatingIfNeeded: ready[position].token), ready[position].events)
        }
    }

    private func note(_ number: CInt, _ ready: UInt32) {
        guard let flow = flows[number] else { return }
        if flow.isConnecting {
            guard ready & (CLINUX_WRITABLE.rawValue | CLINUX_HUNG_UP.rawValue) != 0 else { return }
            flows[number]?.isConnecting = false
            var error: CInt = 0
            var length = socklen_t(4)
            unsafe getsockopt(number, SOL_SOCKET, SO_ERROR, &error, &length)
            if error != 0 {
                events.append(
                    FlowEvent(flow: name(number), events: .failed, error: SystemError(error)))
                return
            }
            events.append(FlowEvent(flow: name(number), events: .connected))
        }
        events.append(FlowEvent(flow: name(number), events: [.readable, .writable]))
    }

    func nextEvent() -> FlowEvent? {
        events.isEmpty ? nil : events.removeFirst()
    }
}
