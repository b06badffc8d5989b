import Glibc
import Testing

/// What is left when processes are killed that cannot do anything about it.
@Suite("The guardian leaves nothing behind", .enabled(if: Workshop.isAvailable))
struct GuardianTests {
    /// Daemons of every kind, each of which holds the end of a pipe, the standard output: a child,
    /// a daemon of two forks, a session of its own, one in its own process group that ignores
    /// what can be ignored, one that has put itself to sleep for good.
    private static let daemons = """
        sleep 1000 &
        (sleep 1000 &)
        setsid sh -c '(sleep 1000 &) ; sleep 1000' &
        sh -c 'trap "" HUP INT QUIT TERM USR1; sleep 1000; sleep 1000' &
        sh -c 'kill -STOP $$' &
        python3 -c 'import os, time
        for _ in range(4): os.fork()
        time.sleep(1000)' &
        """

    /// Whether everything that holds the output has ended.
    private func outputEnds(_ child: Child) -> Bool { child.line(within: 10) == nil }

    private func descendants(of process: pid_t) -> [pid_t] {
        let list = Child.run(["ps", "-e", "-o", "pid=,ppid="]).lines
            .map { $0.split(separator: " ").compactMap { pid_t($0) } }.filter { $0.count == 2 }
        var found = [process]
        var next = 0
        while next < found.count {
            found += list.filter { $0[1] == found[next] }.map { $0[0] }
            next += 1
        }
        return Array(found.dropFirst())
    }

    private func exists(_ process: pid_t) -> Bool {
        // A zombie that its parent has yet to wait for is none.
        let state = Child.run(["ps", "-o", "stat=", "-p", "\(process)"]).output
        return !state.isEmpty && !state.hasPrefix("Z")
    }

    @Test(arguments: [SIGKILL, SIGSEGV, SIGABRT])
    func whenTheLauncherIsKilledItsProgramsAreToo(signal: CInt) throws {
        let script = "\(Self.daemons)sleep 0.5; echo ready; wait"
        // A dying launcher that examines itself takes its time.
        let child = try #require(
            Child(["env", "SWIFT_BACKTRACE=enable=no", Workshop.launcher, "--", "sh", "-c", script])
        )
        #expect(child.line() == "ready")
        let processes = descendants(of: child.process)
        #expect(processes.count > 10)
        kill(child.process, signal)
        #expect(outputEnds(child))
        #expect(child.finish(within: 10).status == 128 + signal)
        for _ in 0..<100 where processes.contains(where: exists) { usleep(20_000) }
        #expect(processes.filter(exists) == [])
    }

    /// A signal for the whole group, SIGKILL too, does not reach the guardian.
    @Test func whenTheWholeGroupIsKilledDaemonsAreToo() throws {
        let script = "setsid sleep 1000 & (setsid sleep 1000 &) ; sleep 0.3; echo ready; wait"
        let child = try #require(
            Child(["setsid", Workshop.launcher, "--", "sh", "-c", script]))
        #expect(child.line() == "ready")
        let processes = descendants(of: child.process)
        kill(-getpgid(child.process), SIGKILL)
        #expect(outputEnds(child))
        _ = child.finish(within: 10)
        for _ in 0..<100 where processes.contains(where: exists) { usleep(20_000) }
        #expect(processes.filter(exists) == [])
    }

    /// Calls that wait when the launcher dies never return to the program.
    @Test(.enabled(if: Workshop.has("python3"))) func aCallThatWaitsDoesNotFailFirst() throws {
        let server = try #require(Server())
        let script = """
            import os, socket, sys, threading
            def wait():
                s = socket.socket()
                try: s.connect(('127.0.0.1', int(sys.argv[1])))
                except OSError as error: os.write(1, repr(error).encode() + b'\\n')
            def call():
                while True:
                    try: socket.socket().close()
                    except OSError as error: os.write(1, repr(error).encode() + b'\\n')
            threading.Thread(target=wait).start()
            threading.Thread(target=call).start()
            os.write(1, b'ready\\n')
            """
        let child = try #require(
            Child([Workshop.launcher, "--", "python3", "-c", script, server["silent"]]))
        #expect(child.line() == "ready")
        usleep(100_000)
        kill(child.process, SIGKILL)
        #expect(child.finish(within: 10).output == "")
    }

    @Test func whenTheGuardianIsKilledTheLauncherGoesOn() throws {
        let server = try #require(Server())
        let script = """
            sleep 0.3; (sleep 0.6; curl -sS http://127.0.0.1:\(server["web"])/9; echo) & echo $PPID
            sleep 0.3; curl -sS http://127.0.0.1:\(server["web"])/7; exit 5
            """
        let child = try #require(Child([Workshop.launcher, "--", "sh", "-c", script]))
        let guardian = try #require(child.line().flatMap { pid_t($0) })
        kill(guardian, SIGKILL)
        let outcome = child.finish(within: 20)
        #expect(outcome.output.count == 7 + 9 + 1)
        #expect(outcome.status == 5)
    }

    /// A program that sends a signal to its group gets it once, as it would plainly.
    @Test func aSignalOfTheProgramsOwnIsNotPassedOn() throws {
        let script = """
            n=0; trap 'n=$((n + 1))' USR1; trap 'echo $n; exit' ALRM
            kill -USR1 0; (sleep 0.5; kill -ALRM $$) & while :; do wait; done
            """
        let outcome = Child.run(
            ["setsid", "-w", Workshop.launcher, "--", "sh", "-c", script], within: 20)
        #expect(outcome.output == "1\n")
    }

    @Test func theGuardianHoldsNothingOfTheProgram() throws {
        let script = "ls -l /proc/$PPID/fd | grep -c ' -> ' ; readlink /proc/$PPID/cwd"
        let outcome = Workshop.intercepted(["sh", "-c", script])
        // The socket to the launcher, the listener, the descriptor of signals.
        #expect(outcome.output == "3\n/\n")
    }
}
