"""libsockeye.so: what programs in C see of it, and what they do with it."""
import contextlib
import os
import pathlib
import re
import subprocess
import tempfile
import textwrap
import unittest

import support

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent
examples = root / "Examples" / "C"
LIBRARY = os.environ.get("SOCKEYE_LIBRARY", "")


class Installed:
    """The library where `make install` would put it, below a directory."""

    def __init__(self, directory):
        support.require("cc", "pkg-config")
        if not os.path.exists(LIBRARY):
            raise unittest.SkipTest(f"{LIBRARY} is not there: run `make lib`")
        self.prefix = directory / "usr"
        support.run(root / "scripts/install-library.sh", LIBRARY, "", self.prefix)
        self.directory = directory

    def flags(self, *packages):
        environment = dict(os.environ, PKG_CONFIG_PATH=f"{self.prefix}/lib/pkgconfig")
        words = support.run(
            "pkg-config", "--cflags", "--libs", *packages, env=environment).stdout.decode().split()
        return words + [f"-Wl,-rpath,{self.prefix}/lib"]

    def compile(self, source, *packages):
        program = self.directory / pathlib.Path(source).stem
        support.run("cc", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-pthread", source, "-o",
                    program, *self.flags("sockeye", *packages))
        return program


class LibraryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        room = support.room()
        cls.room = room.__enter__()
        cls.addClassCleanup(room.__exit__, None, None, None)
        cls.installed = Installed(cls.room)


class Installation(LibraryTest):
    def test_needs_no_swift(self):
        """libsockeye.so needs no library of Swift's, and shows its own calls only"""
        library = self.installed.prefix / "lib/libsockeye.so"
        needed = support.run("ldd", library).stdout.decode()
        self.assertIn("libc.so", needed)
        self.assertNotIn("swift", needed.lower())
        self.assertNotIn("Foundation", needed)
        shown = support.run("nm", "-D", "-g", "--defined-only", library).stdout.decode().split("\n")
        names = {line.split()[-1].split("@")[0] for line in shown if line}
        self.assertIn("sockeye_socket", names)
        self.assertEqual([name for name in names if not name.startswith("sockeye_")], [])
        declared = set(re.findall(
            r"\b(sockeye_\w+)\(", (self.installed.prefix / "include/sockeye.h").read_text()))
        # What the comments of the header mention is declared there as well.
        self.assertEqual(names, declared)

    def test_manual(self):
        """each call has a manual page, and man has nothing to complain of"""
        support.require("man")
        pages = self.installed.prefix / "share/man/man3"
        declared = set(re.findall(
            r"\b(sockeye_\w+)\(", (self.installed.prefix / "include/sockeye.h").read_text()))
        for name in sorted(declared):
            self.assertTrue((pages / f"{name}.3").exists(), name)
        for page in sorted((root / "man").glob("*.3")):
            done = support.run("man", "--warnings=w", "-l", page,
                               env=dict(os.environ, MANWIDTH="90", MANPAGER="cat"))
            self.assertEqual(done.stderr, b"", page.name)
            self.assertIn(page.stem, done.stdout.decode())

    def test_header_stands_alone(self):
        """sockeye.h compiles by itself, in C99 with all warnings and in C++"""
        source = self.room / "header.c"
        source.write_text("#include <sockeye.h>\nint main(void) { return sockeye_open(\"\"); }\n")
        flags = self.installed.flags("sockeye")
        support.run("cc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", source, "-o",
                    self.room / "header", *flags)
        support.run("cc", "-x", "c++", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", source,
                    *flags)


class Programs(LibraryTest):
    def run_program(self, name, timeout):
        program = self.installed.compile(here / "Programs" / f"{name}.c")
        return support.run(program, timeout=timeout).stdout.decode()

    def test_threads(self):
        """64 threads use one host at once, and leave no descriptor behind"""
        self.assertEqual(self.run_program("threads", 180), "64 threads, 20 rounds\n")

    def test_calls(self):
        """signals, processes, the kernel's descriptors, stdio and names beside sockets"""
        self.assertEqual(self.run_program("calls", 60), "all calls\n")


class Textbook(LibraryTest):
    """The programs as every textbook has them, over a TAP device with the kernel's nc."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        support.require("nc")
        cls.programs = {
            name: cls.installed.compile(examples / f"{name}.c") for name in ("server", "client")}

    def setUp(self):
        self.namespace = support.Namespace()
        self.addCleanup(self.namespace.remove)
        self.namespace.run("ip", "tuntap", "add", "tap0", "mode", "tap")
        self.namespace.run("ip", "address", "add", "10.7.0.1/24", "dev", "tap0")
        self.namespace.run("ip", "link", "set", "tap0", "up")
        self.environment = dict(
            os.environ, SOCKEYE_HOST="--tap tap0 --address 10.7.0.2/24 --gateway 10.7.0.1")

    def start(self, program, *arguments, **options):
        process = self.namespace.start(
            self.programs[program], *arguments, env=self.environment, **options)
        self.addCleanup(support.stop, process)
        return process

    def test_differ_in_prefix_and_one_line(self):
        """the programs are those of the textbook but for the prefix, one line and the header"""
        for name in ("server", "client"):
            plain = (examples / "Textbook" / f"{name}.c").read_text()
            ours = (examples / f"{name}.c").read_text().replace("sockeye_", "")
            of_plain = [line for line in plain.split("\n") if line and "#include" not in line]
            of_ours = [line for line in ours.split("\n") if line and "#include" not in line]
            added = [line for line in of_ours if line not in of_plain]
            self.assertEqual(len(added), 1, added)
            self.assertIn("open(", added[0])
            of_ours.remove(added[0])
            self.assertEqual(of_plain, of_ours)
            # And the textbook's are programs for the kernel.
            support.run("cc", "-Wall", "-Wextra", "-Werror", examples / "Textbook" / f"{name}.c",
                        "-o", self.room / f"plain-{name}")

    def test_server(self):
        """the textbook's server on Sockeye answers the kernel's nc"""
        with tempfile.TemporaryFile() as log:
            self.start("server", 7777, stdout=log)
            def listens():
                log.seek(0)
                return b"listening" in log.read()
            support.wait_until(listens, "the server listens")
            text = b"a line\n" + b"x" * 200_000 + b"\n"
            for _ in range(2):
                done = self.namespace.run("nc", "-N", "10.7.0.2", 7777, input=text)
                self.assertEqual(done.stdout, text)
            log.seek(0)
            self.assertEqual(log.read().count(b"10.7.0.1 connected"), 2)

    def test_client(self):
        """the textbook's client on Sockeye finds the kernel's nc by name and talks to it"""
        hosts = pathlib.Path("/etc/netns") / self.namespace.name / "hosts"
        hosts.parent.mkdir(parents=True)
        self.addCleanup(lambda: (hosts.unlink(), hosts.parent.rmdir()))
        hosts.write_text("10.7.0.1 kernel.example\n127.0.0.1 localhost\n")
        received = self.room / "received"
        # What nc gets goes to the file and, by the pipe, back.
        listener = self.namespace.start(
            "sh", "-c", f"mkfifo {self.room}/back; "
            f"nc -l -N 10.7.0.1 7778 <{self.room}/back | tee {received} >{self.room}/back")
        self.addCleanup(support.stop, listener)
        support.wait_until(
            lambda: b":7778" in self.namespace.run("ss", "-tln").stdout, "nc listens")
        client = self.start("client", "kernel.example", 7778, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE)
        answer, _ = client.communicate(b"first line\nsecond line\n", timeout=30)
        self.assertEqual(answer, b"first line\nsecond line\n")
        self.assertEqual(client.returncode, 0)
        support.wait_until(
            lambda: received.read_bytes() == b"first line\nsecond line\n", "nc has all lines")


class EventLoop(LibraryTest):
    def test_libevent(self):
        """a program with libevent's loop serves 1,000 connections of the kernel's at once"""
        support.require("pkg-config")
        if support.run("pkg-config", "--exists", "libevent", check=False).returncode != 0:
            self.skipTest("libevent-dev is not installed")
        program = self.installed.compile(examples / "events.c", "libevent")
        namespace = support.Namespace()
        self.addCleanup(namespace.remove)
        namespace.run("ip", "tuntap", "add", "tap0", "mode", "tap")
        namespace.run("ip", "address", "add", "10.7.0.1/24", "dev", "tap0")
        namespace.run("ip", "link", "set", "tap0", "up")
        server = namespace.start(
            program, "--tap tap0 --address 10.7.0.2/24", 7779, stdout=subprocess.PIPE)
        self.addCleanup(support.stop, server)
        self.assertEqual(server.stdout.readline(), b"listening on port 7779\n")
        done = namespace.python(textwrap.dedent("""
            import socket, sys
            clients = []
            for number in range(1000):
                client = socket.create_connection(("10.7.0.2", 7779), timeout=30)
                client.sendall(b"hello from %d\\n" % number)
                clients.append(client)
            for turn in range(3):
                for number, client in enumerate(clients):
                    expected = b"hello from %d\\n" % number
                    got = b""
                    while len(got) < len(expected):
                        part = client.recv(len(expected) - len(got))
                        assert part, "closed early"
                        got += part
                    assert got == expected, (got, expected)
                    client.sendall(expected)
            for client in clients:
                client.shutdown(socket.SHUT_WR)
            for number, client in enumerate(clients):
                rest = b""
                while part := client.recv(100):
                    rest += part
                assert rest == b"hello from %d\\n" % number, rest
            print("served")
            """), timeout=120)
        self.assertEqual(done.stdout, b"served\n")
        with contextlib.suppress(ProcessLookupError):
            server.terminate()
        out, _ = server.communicate(timeout=20)
        self.assertEqual(out, b"1000 served, 1000 at once, 0 left\n")
        self.assertEqual(server.returncode, 0)
