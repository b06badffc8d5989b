import Glibc
import Testing

@Suite("The launcher is its program's stand-in", .enabled(if: Workshop.isAvailable))
struct ProcessTests {
    @Test func theExitStatusIsPassedOn() {
        #expect(Workshop.intercepted(["sh", "-c", "exit 42"]).status == 42)
    }

    @Test func aSignalThatKillsIsPassedOnAsShellsDo() {
        #expect(Workshop.intercepted(["sh", "-c", "kill -TERM $$"]).status == 128 + SIGTERM)
        #expect(Workshop.intercepted(["sh", "-c", "kill -SEGV $$"]).status == 128 + SIGSEGV)
    }

    @Test func aProgramThatIsNotThereGives127() {
        #expect(Workshop.intercepted(["/no/such/program"]).status == 127)
    }

    @Test func aProgramThatCannotBeExecutedGives126() {
        #expect(Workshop.intercepted(["/etc/passwd"]).status == 126)
    }

    @Test func itStaysForWhatTheProgramLeavesBehind() {
        let outcome = Workshop.intercepted(["sh", "-c", "(sleep 0.5; echo late) & exit 3"])
        #expect(outcome.output == "late\n")
        #expect(outcome.status == 3)
    }

    @Test func aDaemonOfTheProgramStillReachesTheNetwork() throws {
        let server = try #require(Server())
        let script =
            "(setsid sh -c 'sleep 0.3; curl -sS http://127.0.0.1:\(server["web"])/7' &) ; exit 0"
        #expect(Workshop.intercepted(["sh", "-c", script]).output.count == 7)
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGHUP, SIGUSR1])
    func signalsToTheLauncherReachTheProgram(signal: CInt) throws {
        let script = "trap 'exit 9' TERM INT HUP USR1; echo ready; while :; do sleep 0.05; done"
        let child = try #require(Child([Workshop.launcher, "--", "sh", "-c", script]))
        #expect(child.line() == "ready")
        kill(child.process, signal)
        #expect(child.finish(within: 10).status == 9)
    }

    @Test func theLauncherStopsAndContinuesWithTheProgram() throws {
        let script = "echo $$; kill -STOP $$; echo again; exit 5"
        let child = try #require(Child([Workshop.launcher, "--", "sh", "-c", script]))
        let program = try #require(child.line().flatMap { pid_t($0) })
        var status: CInt = 0
        unsafe waitpid(child.process, &status, WUNTRACED)
        #expect(status & 0xFF == 0x7F)
        kill(child.process, SIGCONT)
        kill(program, SIGCONT)
        let outcome = child.finish(within: 10)
        #expect(outcome.output == "again\n")
        #expect(outcome.status == 5)
    }

    /// Whoever has children ignored has them ignored in the program too, and the launcher still
    /// learns how the program ended.
    @Test(arguments: ["", "trap '' CHLD HUP USR1; "])
    func theProgramHasTheDescriptorsAndSignalsItWouldHave(traps: String) {
        let script = """
            exec 7</dev/null; \(traps)exec "$@" sh -c "ls /proc/self/fd | tr '\n' ' '; \
            grep -E 'SigBlk|SigIgn|SigCgt' /proc/self/status; pwd; umask; ulimit -n; exit 6"
            """
        let plain = Child.run(["sh", "-c", script, "sh"])
        let other = Child.run(["sh", "-c", script, "sh", Workshop.launcher, "--"])
        #expect(plain.status == 6)
        #expect(plain.output.split(separator: "\n").count >= 6)
        #expect(other == plain)
    }

    @Test(.enabled(if: Workshop.has("python3"))) func whatAProgramSentBeforeItEndedStillArrives()
        throws
    {
        let server = try #require(Server())
        let script = """
            import socket, sys
            s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
            s.sendall(bytes(30_000_000))
            """
        let sent = Workshop.intercepted(["python3", "-c", script, server["tally"]])
        #expect(sent.status == 0)
        let verdict = Child.run(
            [
                "python3", "-c",
                """
                import socket, sys
                print(socket.create_connection(('127.0.0.1', int(sys.argv[1]))).recv(1).decode())
                """, server["verdict"],
            ])
        #expect(verdict.output == "y\n")
    }

    @Test func aLauncherInsideALauncherSaysThatItCannot() {
        let inner = Workshop.intercepted([Workshop.launcher, "--check"])
        #expect(inner.output == "this process already runs under a seccomp notification filter\n")
    }

    @Test(.enabled(if: Workshop.has("python3"))) func theLauncherKeepsNoDescriptorOfClosedSockets()
        throws
    {
        let server = try #require(Server())
        let script = """
            import os, socket, sys
            guardian = open(f'/proc/{os.getppid()}/stat').read()
            launcher = guardian[guardian.rindex(')') + 2:].split()[1]
            def held(): return len(os.listdir(f'/proc/{launcher}/fd'))
            def use(count):
                for _ in range(count):
                    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
                    s.sendall(b'abc')
                    s.recv(3)
                    s.close()
                    socket.socket().close()
                    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
                    s = socket.socket()
                    try: s.connect(('127.0.0.1', 1))
                    except ConnectionRefusedError: pass
                    s.close()
            use(20)
            before = held()
            use(500)
            print(held() - before <= 4)
            """
        let outcome = Workshop.intercepted(["python3", "-c", script, server["echo"]])
        #expect(outcome.output == "True\n")
    }

    /// fork, vfork, posix_spawn, clone and threads, some of which end while a call of theirs waits.
    @Test(arguments: [false, true]) func everyWayToStartAProgramAndToEndAThread(isStatic: Bool)
        throws
    {
        let server = try #require(Server())
        let threads = try #require(Workshop.program("threads", isStatic: isStatic))
        let plain = Child.run([threads, server["echo"], server["silent"]])
        #expect(plain.lines.count == 11 && plain.status == 0)
        #expect(Workshop.intercepted([threads, server["echo"], server["silent"]]) == plain)
    }
}
