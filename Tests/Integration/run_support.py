"""What tests of unmodified programs under `sockeye run` share."""
import contextlib
import hashlib
import http.server
import os
import pathlib
import shutil
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
import unittest

import support

programs = pathlib.Path(__file__).resolve().parent / "Programs"


class Pages(http.server.SimpleHTTPRequestHandler):
    """Files of a directory; what is put or posted is answered by its SHA-256."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        answer = digest.hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_PUT = do_POST

    def pieces(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length", 0))
        while left:
            piece = self.rfile.read(min(left, 1 << 20))
            if not piece:
                return
            left -= len(piece)
            yield piece


class PageServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, directory, address="127.0.0.1"):
        if ":" in address:
            self.address_family = socket.AF_INET6
        super().__init__((address, 0), lambda *words: Pages(*words, directory=str(directory)))
        host = f"[{address}]" if ":" in address else address
        self.url = f"http://{host}:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def server_bind(self):
        # Without the name of the machine, which may take a resolver's time.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, *_):
        pass


class UnderRun(unittest.TestCase):
    """Tests in a directory of an ordinary user's, with the command where that user can start it."""

    @classmethod
    def setUpClass(cls):
        room = support.room()
        cls.room = room.__enter__()
        cls.addClassCleanup(room.__exit__, None, None, None)
        cls.addClassCleanup(cls.end_what_is_left)
        cls.command = support.command_for_everybody(cls.room)
        cls.give(cls.room)
        cls.user = support.as_ordinary_user()
        cls.environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin", "LC_ALL": "C",
            "HOME": str(cls.room), "TMPDIR": str(cls.room)}
        probe = cls.inside("true", check=False)
        if probe.returncode == 125:
            reason = probe.stderr.decode(errors="replace").strip()
            raise unittest.SkipTest(f"interception is not possible here: {reason}")

    @classmethod
    def give(cls, path):
        """Makes a file the ordinary user's own."""
        if os.geteuid() == 0:
            os.chown(path, support.NOBODY, support.NOBODY)

    @classmethod
    def words(cls, words, options=()):
        """A command line under `sockeye run`."""
        return [*cls.user, cls.command, "run", *options, "--", *words]

    @classmethod
    def inside(cls, *words, options=(), timeout=120, **more):
        """Runs a program to its end under `sockeye run`."""
        return cls.plainly(*cls.words(words, options), user=(), timeout=timeout, **more)

    @classmethod
    def plainly(cls, *words, user=None, timeout=120, check=True, **more):
        """Runs a program to its end; whatever it started is ended with it when it lasts too long."""
        words = [*map(str, cls.user if user is None else user), *map(str, words)]
        given = more.pop("input", None)
        process = subprocess.Popen(
            words, cwd=cls.room, env=cls.environment, start_new_session=True,
            stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
        try:
            out, err = process.communicate(given, timeout)
        except subprocess.TimeoutExpired:
            end_group(process)
            out, err = process.communicate()
            raise AssertionError(
                f"{' '.join(words)}: not over after {timeout} s\n{tail(out)}\n{tail(err)}") from None
        if check and process.returncode != 0:
            raise AssertionError(f"{' '.join(words)}: exit status {process.returncode}\n"
                                 f"{tail(out)}\n{tail(err)}")
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def same(self, *words, **more):
        """Runs a program plainly and inside: status and output must be equal; what it printed."""
        plain = self.plainly(*words, check=False, **more)
        ours = self.inside(*words, check=False, **more)
        self.assertEqual((plain.returncode, plain.stdout), (ours.returncode, ours.stdout),
                         f"{plain.stderr.decode(errors='replace')} —\n"
                         f"{ours.stderr.decode(errors='replace')}")
        return ours

    def start(self, *words, user=None):
        """Starts a program that is ended with the test."""
        log = tempfile.TemporaryFile()
        self.addCleanup(log.close)
        process = subprocess.Popen(
            [*map(str, self.user if user is None else user), *map(str, words)], cwd=self.room,
            env=self.environment, start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log)
        process.log = log
        self.addCleanup(end_group, process)
        return process

    def start_inside(self, *words, options=(), user=None):
        return self.start(*(user or ()), *self.words(words, options), user=())

    def wait_for_port(self, port, process=None, timeout=30):
        """Waits until a port of the machine's is listened at."""
        def answers():
            if process is not None and process.poll() is not None:
                raise AssertionError(f"{process.args} ended: {said(process)}")
            return listening(port)
        try:
            support.wait_until(answers, f"port {port} is listened at", timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}; {said(process) if process else ''}") from None

    def make(self, name, size):
        """A file of the user's in the room; its hash."""
        digest = support.make_file(self.room / name, size)
        self.give(self.room / name)
        return digest

    def compiled(self, name):
        """A C program of Programs/, compiled."""
        support.require("cc")
        output = self.room / name
        if not output.exists():
            support.run("cc", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", output,
                        programs / f"{name}.c")
            output.chmod(0o755)
        return output

    @classmethod
    def processes(cls):
        """Processes that work in the room."""
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError):
                    if os.readlink(f"/proc/{entry}/cwd").startswith(str(cls.room)):
                        found.append(int(entry))
        return found

    @classmethod
    def end_what_is_left(cls):
        for number in cls.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)

    def tearDown(self):
        # Nothing may be left of a test; what it started itself is ended before this looks.
        self.doCleanups()
        try:
            support.wait_until(lambda: not self.processes(), "all processes have ended", 10)
        except AssertionError as error:
            left = []
            for number in self.processes():
                with contextlib.suppress(OSError):
                    left.append(pathlib.Path(f"/proc/{number}/cmdline").read_bytes()[:200])
            self.end_what_is_left()
            raise AssertionError(f"{error}: {left}") from None


def tail(output):
    return output.decode(errors="replace")[-1500:]


def said(process):
    """What a program that was started has printed so far."""
    process.log.seek(0)
    return tail(process.log.read())


def end_group(process):
    """Ends a program in order, and its whole group if it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def free_port(kind=socket.SOCK_STREAM, address="127.0.0.1"):
    """A port that nobody uses, outside of the range that connections are given."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for _ in range(200):
        port = 10_000 + int.from_bytes(os.urandom(2), "big") % 20_000
        with contextlib.suppress(OSError), socket.socket(family, kind) as probe:
            probe.bind((address, port))
            return port
    raise AssertionError("no port is free")


def listening(port):
    """Whether a port of the machine's is listened at, without connecting to it."""
    with open("/proc/net/tcp") as table:
        entries = table.read()
    with contextlib.suppress(OSError), open("/proc/net/tcp6") as table:
        entries += table.read()
    return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
               for line in entries.splitlines() if ":" in line.split()[1])


class Silence:
    """A port of the loopback whose queue is full, so that nobody answers a SYN."""

    def __init__(self):
        self.sockets = [socket.socket()]
        self.sockets[0].bind(("127.0.0.1", 0))
        self.sockets[0].listen(0)
        self.port = self.sockets[0].getsockname()[1]
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self.sockets.append(filler)
        time.sleep(0.2)

    def close(self):
        for each in self.sockets:
            each.close()


def is_static(program):
    return support.run("ldd", shutil.which(program), check=False).returncode != 0
