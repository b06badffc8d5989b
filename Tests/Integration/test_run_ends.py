"""How `sockeye run` ends, and how its program is held: nothing may be left, nothing be different."""
import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
import unittest
import uuid

import support
from run_support import UnderRun

# A program with children of every kind, none of which ends by itself. It holds sockets of every
# kind, calls that wait and a port.
BROOD = """
import os, socket, subprocess, sys, threading, time
subprocess.Popen(["sleep", "1000"])
subprocess.Popen(["setsid", "sh", "-c", "(sleep 1000 &) ; trap '' HUP INT TERM; sleep 1000; sleep 1"])
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    time.sleep(1000)
listener = socket.create_server(("127.0.0.1", 0))
datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagram.bind(("127.0.0.1", 0))
threading.Thread(target=listener.accept).start()
threading.Thread(target=lambda: (listener.accept(), os.write(1, b"accepted"))).start()
threading.Thread(target=lambda: (datagram.recvfrom(10), os.write(1, b"received"))).start()
if os.fork() == 0:
    socket.create_connection(listener.getsockname())
    time.sleep(1000)
time.sleep(0.5)
print("ready", flush=True)
time.sleep(1000)
"""


class Ends(UnderRun):
    def setUp(self):
        # All that is started has this in its environment, whoever its parent is.
        self.mark = uuid.uuid4().hex

    def marked(self):
        """The processes of a test, by number and name."""
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            with contextlib.suppress(OSError):
                with open(f"/proc/{entry}/environ", "rb") as file:
                    if self.mark.encode() in file.read():
                        with open(f"/proc/{entry}/comm") as name:
                            found.append((int(entry), name.read().strip()))
        return found

    def launch(self, *words, **options):
        options.setdefault("start_new_session", True)
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        process = subprocess.Popen(
            list(map(str, self.words(words))), cwd=self.room,
            env={**self.environment, "MARK": self.mark, "SWIFT_BACKTRACE": "enable=no"}, **options)
        if process.stdout:
            self.addCleanup(process.stdout.close)
        self.addCleanup(self.kill_marked)
        return process

    def kill_marked(self):
        for number, _ in self.marked():
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)

    def brood(self):
        process = self.launch(support.system_python(), "-c", BROOD)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        # The launcher, its guardian, the program, and six of the program's.
        self.assertGreaterEqual(len(self.marked()), 9, self.marked())
        return process

    def number_of(self, process, name):
        """The one process of a test with a name."""
        found = [number for number, other in self.marked() if other == name]
        self.assertEqual(len(found), 1, self.marked())
        return found[0]

    def assert_nothing_is_left(self):
        support.wait_until(lambda: not self.marked(), "nothing is left", 10)

    # Ends of the launcher.

    def test_launcher_killed(self):
        """when the launcher is killed, in whatever way, all of the program ends and says nothing"""
        for how in (signal.SIGKILL, signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT):
            with self.subTest(how.name):
                process = self.brood()
                files = sorted(os.listdir(self.room))
                process.send_signal(how)
                self.assertEqual(process.wait(20), -how)
                # The output ends: no process holds it.
                self.assertEqual(process.stdout.read(), b"")
                self.assert_nothing_is_left()
                self.assertEqual(sorted(os.listdir(self.room)), files)

    def test_group_killed(self):
        """when the whole process group is killed, daemons in sessions of their own end too"""
        process = self.brood()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)
        self.assertEqual(process.stdout.read(), b"")
        self.assert_nothing_is_left()

    def test_guardian_killed(self):
        """when the guardian is killed, the launcher and the program go on to their ordinary end"""
        process = self.launch(
            "sh", "-c", "sleep 0.3; echo ready; sleep 1; (setsid sleep 0.5; echo daemon) & exit 7")
        self.assertEqual(process.stdout.readline(), b"ready\n")
        os.kill(self.number_of(process, "guardian"), signal.SIGKILL)
        self.assertEqual(process.wait(20), 7)
        self.assertEqual(process.stdout.read(), b"daemon\n")
        self.assert_nothing_is_left()

    def test_terminated(self):
        """SIGTERM and SIGHUP to the launcher are the program's, and end it as they would"""
        for how in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            with self.subTest(how.name):
                process = self.launch("sh", "-c", "echo ready; exec sleep 1000")
                self.assertEqual(process.stdout.readline(), b"ready\n")
                process.send_signal(how)
                self.assertEqual(process.wait(20), -how)
                self.assert_nothing_is_left()

    def test_program_killed(self):
        """a program that is killed or crashes takes the launcher with it by the same signal"""
        for how in (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGPIPE):
            with self.subTest(how.name):
                process = self.launch("sh", "-c", f"ulimit -c unlimited; kill -{how.value} $$")
                self.assertEqual(process.wait(20), -how)
                self.assert_nothing_is_left()
                # The program may leave an image of its memory, the launcher none.
                for name in os.listdir(self.room):
                    if "core" in name:
                        with open(self.room / name, "rb") as image:
                            self.assertNotIn(b"sockeye run", image.read(1 << 16))
        for name in os.listdir(self.room):
            if "core" in name:
                os.remove(self.room / name)

    def test_never_started(self):
        """a program that cannot be started leaves nothing either"""
        for program, status in [("/no/such/program", 127), ("/etc/passwd", 126)]:
            process = self.launch(program, stderr=subprocess.DEVNULL)
            self.assertEqual(process.wait(20), status)
            self.assert_nothing_is_left()

    # What the launcher must not hold or change.

    def test_output_ends_with_the_program(self):
        """a program that closes its standard streams ends its readers' pipes"""
        process = self.launch("sh", "-c", "echo here; exec >&- <&-; exec sleep 3")
        begin = time.monotonic()
        self.assertEqual(process.stdout.read(), b"here\n")
        self.assertLess(time.monotonic() - begin, 2.5)
        self.assertEqual(process.wait(20), 0)

    def test_other_descriptors(self):
        """a pipe that was passed on by its number is the program's alone"""
        reader, writer = os.pipe()
        process = self.launch(
            "sh", "-c", f"echo ready >&{writer}; exec {writer}>&-; exec sleep 3", pass_fds=[writer])
        os.close(writer)
        begin = time.monotonic()
        with open(reader, "rb") as pipe:
            self.assertEqual(pipe.read(), b"ready\n")
        self.assertLess(time.monotonic() - begin, 2.5)
        self.assertEqual(process.wait(20), 0)

    def test_closed_streams(self):
        """it works with no standard stream at all"""
        for redirections in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
            with self.subTest(redirections):
                done = subprocess.run(
                    ["sh", "-c", f'exec "$@" {redirections}', "sh",
                     *map(str, self.words(["sh", "-c", "exit 9"]))],
                    cwd=self.room, env=self.environment, timeout=30)
                self.assertEqual(done.returncode, 9)

    def test_nobody_reads_standard_error(self):
        """a closed standard error does not kill what writes the statistics"""
        process = subprocess.Popen(
            list(map(str, self.words(["sh", "-c", "sleep 0.3; exit 4"], ["--stats"]))),
            cwd=self.room, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        process.stderr.close()
        self.assertEqual(process.wait(30), 4)

    # The terminal.

    @contextlib.contextmanager
    def terminal(self):
        """bash with job control on a terminal of its own: what types there, what reads there."""
        support.require("bash")
        process, terminal = pty.fork()
        if process == 0:
            os.chdir(self.room)
            os.execvpe("setpriv" if self.user else "bash",
                       [*self.user, "bash", "--norc", "--noprofile", "-i"],
                       {**self.environment, "PS1": "", "MARK": self.mark, "TERM": "dumb"})
        self.addCleanup(self.kill_marked)
        seen = b""

        def expect(text, seconds=20):
            nonlocal seen
            deadline = time.monotonic() + seconds
            while text not in seen:
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([terminal], [], [], left)[0]:
                    self.fail(f"{text!r} is not in {seen!r}")
                seen += os.read(terminal, 4096)
            seen = seen[seen.index(text) + len(text):]

        def write(text):
            os.write(terminal, text)

        write(b"stty -echo\n")
        time.sleep(0.3)
        try:
            yield write, expect, terminal
        finally:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            os.close(terminal)

    def command_text(self, script):
        return f"{self.command} run -- sh -c '{script}'; echo status $?\n".encode()

    def test_interrupt_key(self):
        """the interrupt key kills the program once, and the shell sees that it was interrupted"""
        with self.terminal() as (write, expect, _):
            write(self.command_text("echo ready; exec sleep 100"))
            expect(b"ready")
            write(b"\x03")
            time.sleep(0.5)
            # bash leaves the list when a program dies of the interrupt: there is no status line.
            write(b"echo after $?\n")
            expect(b"after 130")
            self.assertEqual([name for _, name in self.marked() if name != "bash"], [])
            write(self.command_text('trap "echo once" INT; echo ready; read line; read line; exit 3'))
            expect(b"ready")
            write(b"\x03")
            expect(b"once")

    def test_stop_key(self):
        """the stop key stops the job, and fg goes on with it; standard input is the program's"""
        with self.terminal() as (write, expect, _):
            write(self.command_text("echo ready; while read line; do echo got $line; done"))
            expect(b"ready")
            write(b"\x1a")
            expect(b"Stopped")
            write(b"jobs; echo shell is here\n")
            expect(b"shell is here")
            write(b"fg\n")
            time.sleep(0.5)
            write(b"text\n")
            expect(b"got text")
            write(b"\x04")
            write(b"echo it is over\n")
            expect(b"it is over")

    def test_window_size(self):
        """the program is told when its window changes, and sees its terminal as its own"""
        with self.terminal() as (write, expect, terminal):
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
            write(self.command_text(
                'trap "stty size" WINCH; tty -s && stty size; while :; do sleep 0.1; done'))
            expect(b"24 80")
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
            expect(b"30 100")
            write(b"\x03")

    def test_background_job(self):
        """a job in the background is stopped when it reads, and goes on in the foreground"""
        with self.terminal() as (write, expect, _):
            write(f"{self.command} run -- sh -c 'read line; echo got $line' &\n".encode())
            time.sleep(1)
            write(b"\n")
            expect(b"Stopped")
            write(b"fg\n")
            time.sleep(0.5)
            write(b"text\n")
            expect(b"got text")

    def test_hang_up(self):
        """when the terminal goes away the program is told, and nothing is left"""
        with self.terminal() as (write, expect, terminal):
            write(self.command_text("echo ready; exec sleep 100"))
            expect(b"ready")
        self.assert_nothing_is_left()


class EndsAsRoot(Ends):
    """The same as root, where that is who runs the tests."""

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("only root can test as root")
        super().setUpClass()
        cls.user = []
