import Glibc
import Names
import Sockets
import Testing
import Wire

/// From numbers to words, beside the C library.
@Suite("Names of addresses, ports and protocols, beside the C library")
struct NameLookupTests {
    static let names = NameService(.kernel)

    @Test("hosts and services at addresses and ports, with every flag")
    func numbers() {
        let addresses: [(String, Int32, UInt32)] = [
            ("127.0.0.1", AF_INET, 0), ("192.0.2.1", AF_INET, 0), ("::1", AF_INET6, 0),
            ("fe80::1", AF_INET6, 1), ("fe80::1", AF_INET6, 0), ("fe80::1", AF_INET6, 9_999),
            ("2001:db8::1", AF_INET6, 3), ("ff02::1", AF_INET6, 1), ("ff05::1", AF_INET6, 1),
            ("::ffff:192.0.2.1", AF_INET6, 0), ("::192.0.2.1", AF_INET6, 0), ("::", AF_INET6, 0),
        ]
        for (text, family, scope) in addresses {
            guard let address = IPAddress(text) else { continue }
            for port: UInt16 in [0, 21, 53, 80, 69, 123, 65_535, 514, 512] {
                for raw: Int32 in 0..<64 {
                    // Only 127.0.0.1 is in /etc/hosts for certain: others are not looked for.
                    let flags = NameFlags(rawValue: raw | (text == "127.0.0.1" ? 0 : 1))
                    let theirs = CLibrary.names(
                        of: address, family: family, port: port, scope: scope, flags: flags)
                    let ours: Result<[String], NameError>
                    do throws(NameError) {
                        let found = try Self.names.names(
                            of: address, family: family, port: port, scope: scope, flags: flags)
                        ours = .success([found.host, found.service])
                    } catch {
                        ours = .failure(error)
                    }
                    #expect(ours == theirs, "\(text) \(port) \(flags)")
                }
            }
        }
    }

    @Test("flags that mean nothing, and families that are not known")
    func refusals() {
        #expect(throws: NameError.badFlags) {
            try Self.names.names(
                of: .v4(1, 2, 3, 4), family: 2, port: 1, flags: NameFlags(rawValue: 0x4000))
        }
        #expect(throws: NameError.family) {
            try Self.names.names(of: .v4(1, 2, 3, 4), family: 77, port: 1)
        }
        #expect(throws: NameError.noName) {
            try Self.names.names(
                of: .v4(1, 2, 3, 4), family: 2, port: 1, wantsHost: false, wantsService: false)
        }
    }

    @Test("services by name and by port (/etc/services)")
    func services() {
        for name in ["http", "www", "domain", "ssh", "tftp", "HTTP", "", "nosuch", "ntp", "80"] {
            for proto in [nil, "tcp", "udp", "sctp", "TCP", ""] {
                #expect(
                    Self.names.service(named: name, protocol: proto)
                        == CLibrary.service(named: name, over: proto), "\(name) \(proto ?? "nil")")
            }
        }
        for port: UInt16 in 0...1_100 {
            for proto in [nil, "tcp", "udp"] {
                #expect(
                    Self.names.service(port: port, protocol: proto)
                        == CLibrary.service(port: port, over: proto), "\(port)")
            }
        }
    }

    @Test("protocols by name and by number (/etc/protocols)")
    func protocols() {
        for name in ["tcp", "TCP", "udp", "icmp", "ipv6-icmp", "nosuch", ""] {
            #expect(
                Self.names.protocolEntry(named: name) == CLibrary.protocolEntry(named: name))
        }
        for number: Int32 in -1...260 {
            #expect(
                Self.names.protocolEntry(number: number)
                    == CLibrary.protocolEntry(number: number))
        }
    }
}
