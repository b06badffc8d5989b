import Testing

/// Unmodified programs that fetch ten megabytes, and a few bytes by name.
@Suite("Unmodified programs fetch over flows", .enabled(if: Workshop.isAvailable))
struct ProgramTests {
    private static let size = "10000000"

    /// `command` is run by a shell, with the address in $0; its output is hashed there.
    private func fetch(_ command: String, asOrdinaryUser: Bool = false) throws {
        let server = try #require(Server())
        let address = "http://127.0.0.1:\(server["web"])/\(Self.size)"
        let script = ["sh", "-c", "\(command) | sha256sum", address]
        let plain = Child.run(script)
        let other = Workshop.intercepted(script, asOrdinaryUser: asOrdinaryUser)
        #expect(plain.status == 0 && other.status == 0)
        #expect(plain.output.count > 60)
        #expect(plain.output == other.output)
    }

    private static let python = """
        python3 -c "import sys, urllib.request as u; \
        sys.stdout.buffer.write(u.urlopen(sys.argv[1]).read())" $0
        """

    @Test(.enabled(if: Workshop.has("curl"))) func curl() throws { try fetch("curl -sS $0") }

    @Test(.enabled(if: Workshop.has("wget"))) func wget() throws { try fetch("wget -qO- $0") }

    @Test(.enabled(if: Workshop.has("python3"))) func pythonURLLib() throws {
        try fetch(Self.python)
    }

    @Test(.enabled(if: Workshop.has("busybox"))) func staticBusyboxWget() throws {
        try fetch("busybox wget -qO- $0")
    }

    @Test(.enabled(if: Workshop.canChangeUser && Workshop.has("curl")))
    func curlAsAnOrdinaryUser() throws {
        try fetch("curl -sS $0", asOrdinaryUser: true)
    }

    @Test(.enabled(if: Workshop.canChangeUser && Workshop.has("busybox")))
    func staticBusyboxAsAnOrdinaryUser() throws {
        try fetch("busybox wget -qO- $0", asOrdinaryUser: true)
    }

    @Test(.enabled(if: Workshop.has("curl"))) func manyAtOnce() throws {
        let server = try #require(Server())
        let address = "http://127.0.0.1:\(server["web"])/100000"
        let script = "for i in $(seq 40); do curl -sS -m 30 $0 | sha256sum & done; wait"
        let outcome = Workshop.intercepted(["sh", "-c", script, address])
        #expect(outcome.lines.count == 40)
        #expect(Set(outcome.lines).count == 1)
    }

    @Test(.enabled(if: Workshop.has("curl"))) func aRefusedPortIsRefused() {
        let outcome = Workshop.intercepted(["curl", "-sS", "http://127.0.0.1:1/"])
        // "Failed to connect to host" in the manual of curl.
        #expect(outcome.status == 7)
    }

    @Test(.enabled(if: Workshop.has("curl"))) func aSilentPeerTimesOut() throws {
        let server = try #require(Server())
        let outcome = Workshop.intercepted(
            ["curl", "-sS", "--connect-timeout", "0.5", "http://127.0.0.1:\(server["silent"])/"])
        // "Operation timeout" in the manual of curl.
        #expect(outcome.status == 28)
    }
}
