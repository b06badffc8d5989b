// Looks names up, for Tests/Integration/test_names.py: over the kernel's sockets, or over those of a
// host on a TAP device.
//
//     LookUp kernel RESOLV.CONF HOSTS NSSWITCH.CONF
//     LookUp tap0=10.7.0.2/24,fd07::2/64 RESOLV.CONF HOSTS NSSWITCH.CONF
//
// It reads lines from the standard input and answers each with a line:
//
//     ahosts NAME [4|6] [FLAGS]    the addresses, one type of socket, or "error CODE"
//     name NAME                    the real name
//     host NAME 4|6                name, aliases and addresses as gethostbyname2 has them
//     back ADDRESS                 the name of an address
//     asynchronous NAME            as ahosts, from a task
//
// It ends with its input.
import Devices
import Glibc
import Memory
import Names
import Sockets
import Stack
import Wire

do {
    try await LookUp(CommandLine.arguments).run()
} catch {
    StandardStream.error.write("LookUp: \(error)\n")
    exit(1)
}

struct LookUp {
    private struct BadUsage: Error {}

    private let names: NameService

    init(_ words: [String]) throws {
        guard words.count == 5 else { throw BadUsage() }
        var configuration = NameConfiguration.system
        configuration.resolver = .path(words[2])
        configuration.hosts = .path(words[3])
        configuration.order = .path(words[4])
        names = NameService(try Self.network(words[1]), configuration)
    }

    private static func network(_ word: String) throws -> Network {
        if word == "kernel" { return .kernel }
        let parts = word.split(separator: "=")
        guard parts.count == 2 else { throw BadUsage() }
        let name = String(parts[0])
        let addresses = parts[1].split(separator: ",").compactMap { IPPrefix(String($0)) }
        let device = try Device(
            .tap(name: name), pools: BufferPools(BufferPools.Plan(byteLimit: 16 << 20)))
        let link = DeviceLink(
            device, name: name, hardwareAddress: MACAddress(2, 0, 0, 0, 0, 2),
            addresses: addresses)
        let host = try HostDriver(HostConfiguration(seed: SystemRandom.seed()), links: [link])
        try host.start()
        return Network(host)
    }

    func run() async {
        answer("ready")
        while let line = readLine() {
            let words = line.split(separator: " ").map(String.init)
            do throws(NameError) {
                answer(try await obey(words))
            } catch {
                answer("error \(error.code)")
            }
        }
    }

    private func answer(_ text: String) { StandardStream.output.write(text + "\n") }

    private func obey(_ words: [String]) async throws(NameError) -> String {
        guard words.count >= 2 else { return "what?" }
        switch words[0] {
        case "ahosts": return list(try addresses(words[1], hints(words)))
        case "asynchronous":
            return list(try await names.addresses(of: words[1], hints: hints(words)))
        case "name":
            var hints = hints(words)
            hints.flags.insert(.canonicalName)
            let found = try await names.addresses(of: words[1], hints: hints)
            return found.first?.canonicalName ?? ""
        case "host":
            do throws(HostError) {
                let entry = try await names.host(named: words[1], family: family(words))
                let all = [entry.name] + entry.aliases + entry.addresses.map(\.description)
                return all.joined(separator: " ")
            } catch {
                return "h_errno \(error.code)"
            }
        case "back":
            guard let address = IPAddress(words[1]) else { return "what?" }
            let family = address.isIPv4 ? SocketNumber.inet : SocketNumber.inet6
            return try await names.names(
                of: address, family: family, port: 53, flags: .nameRequired
            ).host
        default: return "what?"
        }
    }

    /// The form that blocks: nothing here suspends.
    private func addresses(
        _ host: String, _ hints: AddressHints
    ) throws(NameError) -> [AddressInformation] {
        try names.addresses(of: host, hints: hints)
    }

    private func family(_ words: [String]) -> Int32 {
        switch words.count > 2 ? words[2] : "" {
        case "4": SocketNumber.inet
        case "6": SocketNumber.inet6
        default: 0
        }
    }

    private func hints(_ words: [String]) -> AddressHints {
        AddressHints(
            flags: AddressFlags(rawValue: words.count > 3 ? Int32(words[3]) ?? 0 : 0),
            family: family(words), type: SocketNumber.stream)
    }

    private func list(_ found: [AddressInformation]) -> String {
        found.filter { $0.protocolNumber == 6 }.map { entry in
            let text =
                entry.family == SocketNumber.inet
                ? entry.address.description : NumericAddress.ntop(entry.address.v6)
            return entry.scope == 0 ? text : "\(text)%\(entry.scope)"
        }.joined(separator: " ")
    }
}
