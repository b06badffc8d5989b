import Devices
import Sockets
import Wire

/// Services of a network that run together.
public struct ServiceSet: Sendable {
    /// What services need to be told beside their ports.
    public struct Options: Sendable {
        /// Where they listen; every address of the host where it is none in particular, those of
        /// both families where it is `::`.
        public var address = IPAddress.unspecifiedV4
        /// Whether `http` takes files with PUT.
        public var isWritable = false
        /// What `http` shows without a directory.
        public var pages = PageSource.builtIn
        /// What `dns` answers.
        public var responder = DNSResponder(.sockeye())
        public var limits = ServiceLimits()

        public init() {}
    }

    /// What was opened, a line each: `echo: TCP and UDP port 7`.
    public let descriptions: [String]
    private let servers: [@Sendable () async -> Void]

    /// Opens the sockets of all services; they are served once the set runs.
    ///
    /// - Throws: What could not be opened and why; then nothing is.
    public init(
        _ requests: [ServiceRequest], on network: Network, options: Options = Options()
    ) throws(ServiceError) {
        var servers: [@Sendable () async -> Void] = []
        for request in requests {
            let address = SocketAddress(address: options.address, port: request.port)
            do throws(SocketError) {
                servers += try Self.servers(request.kind, on: network, at: address, options)
            } catch {
                throw ServiceError("\(request.kind.name) on port \(request.port): \(error)")
            }
        }
        self.servers = servers
        descriptions = requests.map { request in
            "\(request.kind.name): \(request.kind.isOverUDP ? "TCP and UDP" : "TCP") "
                + "port \(request.port)"
        }
    }

    /// Serves until the task is cancelled or the host stops.
    public func run() async {
        await withDiscardingTaskGroup { group in
            for server in servers { group.addTask { await server() } }
        }
    }

    // MARK: - Servers

    private static func servers(
        _ kind: ServiceRequest.Kind, on network: Network, at address: SocketAddress,
        _ options: Options
    ) throws(SocketError) -> [@Sendable () async -> Void] {
        let limits = options.limits
        switch kind {
        case .echo: return try both(Echo(limits), on: network, at: address, limits)
        case .discard: return try both(Discard(limits), on: network, at: address, limits)
        case .chargen: return try both(Chargen(limits), on: network, at: address, limits)
        case .daytime: return try both(Daytime(), on: network, at: address, limits)
        case .dns:
            return try both(DNSService(options.responder), on: network, at: address, limits)
        case .http(let directory):
            let source = try directory.map(pages) ?? options.pages
            let service = HTTPService(source, isWritable: options.isWritable)
            return [try StreamServer(service, on: network, at: address, limits: limits).run]
        }
    }

    private static func pages(of path: String) throws(SocketError) -> PageSource {
        do throws(DeviceError) {
            return .directory(try ServedDirectory(path))
        } catch {
            throw SocketError(error.code, in: error.operation)
        }
    }

    /// A service over TCP and the same over UDP.
    private static func both(
        _ service: some StreamService & DatagramService, on network: Network,
        at address: SocketAddress, _ limits: ServiceLimits
    ) throws(SocketError) -> [@Sendable () async -> Void] {
        [
            try StreamServer(service, on: network, at: address, limits: limits).run,
            try DatagramServer(service, on: network, at: address).run,
        ]
    }
}
