import Devices
import Sockets
import Stack
import Synchronization
import Wire

/// Names and addresses as programs on a network see them: POSIX `<netdb.h>`.
///
/// What servers said is kept for as long as they said it holds. Calls that may ask servers exist
/// twice: called from a task they suspend, called elsewhere they block the thread.
public final class NameService: Sendable {
    /// Whose sockets ask, and whose addresses decide on the order of answers.
    public let network: Network
    let tables: NameTables
    let resolver: StubResolver
    let surroundings: NetworkSurroundings

    /// - Parameters:
    ///   - network: Whose sockets ask.
    ///   - configuration: The files to be read.
    ///   - random: Where ids and ports come from, which nobody may guess; nil for the system's. A
    ///     simulation gives its own, so that it repeats itself.
    public init(
        _ network: Network, _ configuration: NameConfiguration = .system,
        random: (any RandomNumberGenerator & Sendable)? = nil
    ) {
        self.network = network
        tables = NameTables(configuration)
        surroundings = NetworkSurroundings(network: network)
        resolver = StubResolver(
            network, port: configuration.serverPort, cacheLimit: configuration.cacheLimit,
            random.map { .given($0) } ?? .system(SystemRandomNumberGenerator()))
    }

    // MARK: - Services and protocols

    /// The service of a name, over a protocol (`tcp`, `udp`) or, for nil, any. POSIX
    /// `getservbyname`.
    public func service(named name: String, protocol protocolName: String? = nil) -> ServiceEntry? {
        tables.services.entry(named: name, over: protocolName)
    }

    /// The service at a port, over a protocol (`tcp`, `udp`) or, for nil, any. POSIX
    /// `getservbyport`.
    ///
    /// - Parameter port: In the host's order.
    public func service(port: UInt16, protocol protocolName: String? = nil) -> ServiceEntry? {
        tables.services.entry(at: port, over: protocolName)
    }

    /// The protocol of a name. POSIX `getprotobyname`.
    public func protocolEntry(named name: String) -> ProtocolEntry? {
        tables.protocols.entry(named: name)
    }

    /// The protocol of a number. POSIX `getprotobynumber`.
    public func protocolEntry(number: Int32) -> ProtocolEntry? {
        tables.protocols.entry(numbered: number)
    }

    // MARK: - Asking

    /// The question that servers are to be asked; nil where no server can know such a name.
    func resolution(of name: String, _ types: [DNSType]) -> Resolution? {
        let configuration = tables.resolver
        let needsDomain = configuration.search == nil
        guard
            let search = SearchList(
                name, configuration, domain: needsDomain ? tables.domain : nil)
        else { return nil }
        return resolver.resolution(of: search, types, configuration, surroundings)
    }

    /// The question for the name of an address.
    func resolution(ofNameOf address: IPAddress) -> Resolution? {
        resolution(of: DNSName(reversing: address).description + ".", [.ptr])
    }

    /// Goes through the sources, blocking the thread.
    func run(_ given: HostLookup, _ name: String) throws(HostLookup.Miss) -> HostLookup.Found {
        var lookup = given
        while true {
            switch lookup.next() {
            case .found(let found): return found
            case .missed(let miss): throw miss
            case .ask(let types):
                let outcome = resolution(of: name, types).map { resolver.resolve($0) }
                if let found = lookup.take(outcome ?? .missed(.noName)) { return found }
            }
        }
    }

    /// Goes through the sources, suspending the task.
    ///
    /// - Throws: `cancelled` too.
    func run(
        _ given: HostLookup, _ name: String
    ) async throws(HostLookup.Miss) -> HostLookup.Found {
        var lookup = given
        while true {
            switch lookup.next() {
            case .found(let found): return found
            case .missed(let miss): throw miss
            case .ask(let types):
                let outcome = try await ask(resolution(of: name, types))
                if let found = lookup.take(outcome) { return found }
            }
        }
    }

    /// Suspends until servers have answered; a question that cannot be asked finds nothing.
    func ask(_ resolution: Resolution?) async throws(HostLookup.Miss) -> Resolution.Outcome {
        guard let resolution else { return .missed(.noName) }
        do throws(SocketError) {
            return try await resolver.resolve(resolution)
        } catch {
            throw .cancelled
        }
    }
}
