import Glibc
import Names
import Sockets
import Testing
import Wire

/// Every answer is that of the C library in the same process. No server is asked: hosts are numbers
/// or names of `/etc/hosts`, and a test that ran over the network would prove nothing about it.
@Suite("Addresses of hosts and services, beside the C library")
struct AddressLookupTests {
    static let names = NameService(.kernel)

    private static func difference(
        _ host: String?, _ service: String?, _ hints: AddressHints?
    ) -> String? {
        let theirs = CLibrary.addresses(of: host, service: service, hints: hints)
        let ours: Result<[AddressInformation], NameError>
        do throws(NameError) {
            ours = .success(try names.addresses(of: host, service: service, hints: hints))
        } catch {
            ours = .failure(error)
        }
        guard ours != theirs else { return nil }
        return "\(host ?? "nil") \(service ?? "nil") \(hints as Any):\n\(ours)\n\(theirs)"
    }

    private static let hosts: [String?] = [
        nil, "*", "", "127.0.0.1", "127.1", "0x7f000001", "0177.1", "1.2.3.4 ", "1.2.3.4x",
        "256.1.1.1", "::1", "::", "fe80::1%lo", "fe80::1%1", "fe80::1%77", "fe80::1%nolink",
        "fe80::1%", "::1%1", "::1%lo", "ff02::1%lo", "::1%4294967295", "::1%4294967296",
        "::ffff:127.0.0.1", "::ffff:127.0.0.1%1", "2001:db8::1",
    ]

    /// What is no number, and would be asked of servers.
    private static let words: Set<String> = ["", "1.2.3.4 ", "1.2.3.4x", "256.1.1.1"]

    private static let services: [String?] = [
        nil, "*", "", "0", "80", "http", "HTTP", "domain", "ntp", "tftp", "nosuchservice", "65535",
        "65536", "65616", "-1", "-80", "+80", " 80", "80 ", "080", "0x50", "4294967295",
        "4294967376", "99999999999999999999999", "https", "www",
    ]

    private static let flags: [AddressFlags] = [
        [], .passive, .canonicalName, .numericHost, .numericService, .mappedIPv4,
        [.mappedIPv4, .all], .all, .configured, [.configured, .mappedIPv4],
        [.numericHost, .canonicalName], [.passive, .numericService],
        AddressFlags(rawValue: 0x1000), AddressFlags(rawValue: 0x300), .internationalized,
    ]

    @Test("hosts and services with every family and flag", arguments: hosts)
    func table(host: String?) {
        var found: [String] = []
        let isWord = host.map(Self.words.contains) ?? false
        for service in Self.services {
            if !isWord, let text = Self.difference(host, service, nil) { found.append(text) }
            for family: Int32 in [0, AF_INET, AF_INET6, 99] {
                for flags in Self.flags where found.count < 3 {
                    let given = isWord ? flags.union(.numericHost) : flags
                    let hints = AddressHints(flags: given, family: family)
                    if let text = Self.difference(host, service, hints) { found.append(text) }
                }
            }
        }
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test("hosts of /etc/hosts", arguments: ["localhost", "LOCALHOST"])
    func filed(host: String) {
        for service in Self.services {
            for family: Int32 in [0, AF_INET] {
                for flags: AddressFlags in [[], .passive, .canonicalName, .numericService] {
                    let hints = AddressHints(flags: flags, family: family)
                    let difference = Self.difference(host, service, hints)
                    #expect(difference == nil, "\(difference ?? "")")
                }
            }
        }
    }

    @Test("services over every type and protocol", arguments: services)
    func kinds(service: String?) {
        var found: [String] = []
        for type: Int32 in [0, 1, 2, 3, 4, 5, 6, 10, 99] {
            for number: Int32 in [0, 1, 6, 17, 33, 132, 136, 255] {
                for flags: AddressFlags in [[], .numericService, .passive] {
                    for host in [nil, "127.0.0.1"] {
                        let hints = AddressHints(flags: flags, type: type, protocolNumber: number)
                        if let text = Self.difference(host, service, hints) { found.append(text) }
                    }
                }
            }
        }
        #expect(found.isEmpty, "\(found.prefix(3).joined(separator: "\n"))")
    }

    @Test("every combination of what hints may say, a hundred thousand times")
    func random() {
        var dice = Dice(33)
        var found: [String] = []
        let digits = Array("0123456789abcdefx.:%+- ")
        // Without a name that would be asked of servers: AI_NUMERICHOST is always set.
        for _ in 0..<100_000 where found.count < 3 {
            var host = Self.hosts[dice.roll(below: Self.hosts.count)]
            if dice.roll(below: 3) == 0, var text = host, !text.isEmpty {
                let place = text.index(text.startIndex, offsetBy: dice.roll(below: text.count))
                text.insert(digits[dice.roll(below: digits.count)], at: place)
                host = text
            }
            let hints = AddressHints(
                flags: AddressFlags(rawValue: Int32(dice.roll(below: 0x800)) & 0x43F).union(
                    .numericHost),
                family: [0, AF_INET, AF_INET6][dice.roll(below: 3)],
                type: Int32(dice.roll(below: 4)),
                protocolNumber: [0, 0, 6, 17][dice.roll(below: 4)])
            let service = Self.services[dice.roll(below: Self.services.count)]
            if let text = Self.difference(host, service, hints) { found.append(text) }
        }
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test("errors read as there")
    func texts() {
        for code: Int32 in -210...2 {
            #expect(NameError.text(of: code) == CLibrary.errorText(code))
        }
        for code: Int32 in -2...6 {
            #expect(HostError.text(of: code) == CLibrary.hostErrorText(code))
        }
    }
}
