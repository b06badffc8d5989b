import Glibc
import Stack
import Wire

/// One call on an option of a socket of a Sockeye host, worked on under the host's lock.
///
/// The table of all options is its extensions, one for each level: `OptionCall+Socket`, `+Stream`,
/// `+IPv4`, `+IPv6`, `+Groups`, `+Datagram`, `+Packet`. Each has a `switch` for reading and one for
/// setting. Sizes, ranges and errors are Linux's.
struct OptionCall {
    let id: EndpointID
    let kind: EndpointKind
    let family: AddressFamily
    let level: Int32
    let name: Int32

    /// What an option says: most are numbers, which are cut to what there is room for.
    enum Value {
        case int(Int32)
        case bytes([UInt8])

        static func flag(_ isOn: Bool) -> Value { .int(isOn ? 1 : 0) }
    }

    /// Which sockets have which levels: as on Linux, what a level does not know is asked of the one
    /// below, and the lowest says what is wrong.
    private enum Table {
        case socket
        case tcp
        case udp
        case ip
        case ipv6
        case icmpFilter
        case packet
        /// No table: whether reading, and whether setting, is not even supported.
        case none(isInet: Bool)
        case local
        case netlink
    }

    private var table: Table {
        if level == OptionLevel.socket { return .socket }
        if case .local = kind { return .local }
        if case .netlink = kind {
            return level == OptionLevel.netlink ? .netlink : .none(isInet: false)
        }
        if case .packet = kind {
            return level == OptionLevel.packet ? .packet : .none(isInet: false)
        }
        switch (level, kind) {
        case (OptionLevel.tcp, .stream): return .tcp
        case (OptionLevel.udp, .datagram): return .udp
        case (OptionLevel.raw, .raw) where family == .inet: return .icmpFilter
        case (OptionLevel.icmpv6, .raw) where family == .inet6: return .icmpFilter
        case (OptionLevel.ip, .raw) where family == .inet6: return .none(isInet: false)
        case (OptionLevel.ip, _): return .ip
        case (OptionLevel.ipv6, _) where family == .inet6: return .ipv6
        default: return .none(isInet: family == .inet)
        }
    }

    // MARK: - Reading

    /// Reads the option.
    ///
    /// - Parameter capacity: Bytes that there is room for.
    func read(_ host: inout Host, capacity: Int) throws(OptionError) -> [UInt8] {
        // A size below 0 is wrong, but of IPv6 it is a very large one.
        let isIPv6 = if case .ipv6 = table { true } else { false }
        guard capacity >= 0 || isIPv6 else { throw .invalid }
        let capacity = capacity < 0 ? Int.max : capacity
        let value: Value
        var mayBeByte = false
        switch table {
        case .socket: value = try readSocket(&host, capacity)
        case .tcp: value = try readTCP(&host)
        case .udp: value = try readUDP(&host)
        case .ip:
            value = try readIP(&host)
            // Addresses are numbers too, and never cut to a byte.
            mayBeByte = name != IPLevel.multicastInterface && name != IPLevel.mtu
        case .ipv6: value = try readIPv6(&host)
        case .icmpFilter: value = try readFilter(&host)
        case .packet: value = try readPacket(&host)
        case .local: throw OptionError(EOPNOTSUPP)
        case .netlink: value = try readNetlink(&host, capacity)
        case .none(let isInet): throw isInet ? OptionError(EOPNOTSUPP) : .unknown
        }
        switch value {
        case .bytes(let bytes): return Array(bytes.prefix(capacity))
        case .int(let number):
            let bytes = OptionBytes.int(number)
            // Options of IPv4 are bytes by birth.
            if mayBeByte, (1..<4).contains(capacity), (0...255).contains(number) {
                return [bytes[0]]
            }
            return Array(bytes.prefix(capacity))
        }
    }

    // MARK: - Setting

    /// Sets the option.
    func set(_ host: inout Host, _ bytes: OptionBytes) throws(OptionError) {
        switch table {
        case .socket: try setSocket(&host, bytes)
        case .tcp: try setTCP(&host, bytes)
        case .udp: try setUDP(&host, bytes)
        case .ip: try setIP(&host, bytes)
        case .ipv6: try setIPv6(&host, bytes)
        case .icmpFilter: try setFilter(&host, bytes)
        case .packet: try setPacket(&host, bytes)
        case .local: throw OptionError(EOPNOTSUPP)
        case .netlink: try setNetlink(&host, bytes)
        case .none: throw .unknown
        }
    }

    // MARK: - What all levels use

    /// Has the stack do something; its errors become Linux's numbers.
    func stack<Result>(
        _ body: @autoclosure () throws(StackError) -> Result
    ) throws(OptionError) -> Result {
        do throws(StackError) {
            return try body()
        } catch {
            throw OptionError(error.code)
        }
    }

    func options(_ host: borrowing Host) throws(OptionError) -> EndpointOptions {
        do throws(StackError) {
            return try host.options(of: id)
        } catch {
            throw OptionError(error.code)
        }
    }

    func update(
        _ host: inout Host, _ change: (inout EndpointOptions) -> Void
    ) throws(OptionError) {
        do throws(StackError) {
            var options = try host.options(of: id)
            change(&options)
            try host.setOptions(options, of: id)
        } catch {
            throw OptionError(error.code)
        }
    }

    /// Changes what packets of IPv4, or of IPv6, are like.
    func updateInternet(
        _ host: inout Host, isIPv4: Bool, _ change: (inout InternetOptions) -> Void
    ) throws(OptionError) {
        try update(&host) { options in
            if isIPv4, family == .inet6 {
                change(&options.rare.mapped)
            } else {
                change(&options.internet)
            }
        }
    }

    /// What packets of IPv4, or of IPv6, are like.
    func internet(_ host: borrowing Host, isIPv4: Bool) throws(OptionError) -> InternetOptions {
        let options = try options(host)
        return isIPv4 && family == .inet6 ? options.rare.mapped : options.internet
    }

    /// The interface of a number; nil for 0.
    ///
    /// - Throws: `failure` when the host has no such interface.
    func findInterface(
        _ number: Int32, _ host: borrowing Host, or failure: CInt
    ) throws(OptionError) -> InterfaceID? {
        guard number != 0 else { return nil }
        guard number > 0, Int(number) <= host.interfaces.count else { throw OptionError(failure) }
        return InterfaceID(rawValue: Int(number) - 1)
    }
}

extension HostEndpoint {
    func option(
        _ level: Int32, _ name: Int32, capacity: Int
    ) throws(SocketError) -> [UInt8] {
        let call = OptionCall(id: id, kind: kind, family: family, level: level, name: name)
        defer { settle() }
        do throws(OptionError) {
            return try driver.withHost { (host: inout Host) throws(OptionError) in
                try call.read(&host, capacity: capacity)
            }
        } catch {
            throw SocketError(error.code, in: "getsockopt")
        }
    }

    func setOption(_ level: Int32, _ name: Int32, _ bytes: Span<UInt8>) throws(SocketError) {
        let call = OptionCall(id: id, kind: kind, family: family, level: level, name: name)
        let value = OptionBytes(bytes)
        defer { settle() }
        do throws(OptionError) {
            try driver.withHost { (host: inout Host) throws(OptionError) in
                try call.set(&host, value)
            }
        } catch {
            throw SocketError(error.code, in: "setsockopt")
        }
    }
}
