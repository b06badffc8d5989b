"""What the integration tests share: the command, namespaces, processes that cannot hang."""
import contextlib
import hashlib
import itertools
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

# The command, recording what hosts send; and the program itself.
SOCKEYE = os.environ.get("SOCKEYE", "")
BINARY = os.environ.get("SOCKEYE_BINARY", SOCKEYE)
LONG = os.environ.get("SOCKEYE_LONG_TESTS") == "1"
# Nobody: an ordinary user without files, groups or rights.
NOBODY = 65534

numbers = itertools.count(1)


def require(*programs):
    """Skips the test where one of `programs` is not installed."""
    for program in programs:
        if not shutil.which(program):
            raise unittest.SkipTest(f"{program} is not installed")


def run(*arguments, timeout=60, check=True, **options):
    """Runs a program to its end and gives back what `subprocess.run` does, output as bytes."""
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    options.setdefault("stdin", subprocess.DEVNULL if "input" not in options else None)
    if "input" in options:
        del options["stdin"]
    done = subprocess.run([str(argument) for argument in arguments], timeout=timeout, **options)
    if check and done.returncode != 0:
        raise AssertionError(
            f"{' '.join(map(str, arguments))}: exit status {done.returncode}\n"
            f"{(done.stderr or b'').decode(errors='replace')[-2000:]}")
    return done


def wait_until(condition, what, timeout=10.0):
    """Waits until `condition()` holds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {timeout} s still not: {what}")
        time.sleep(0.02)


@contextlib.contextmanager
def room():
    """A directory of its own, which any user may enter."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="sockeye-test."))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def command_for_everybody(directory):
    """The command where an ordinary user may execute it."""
    copy = directory / "sockeye"
    if not copy.exists():
        shutil.copyfile(BINARY, copy)
        copy.chmod(0o755)
    return copy


def as_ordinary_user():
    """Words in front of a command that give up root's rights, none for who has no such rights."""
    if os.geteuid() != 0:
        return []
    require("setpriv")
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def system_python():
    """A Python that every user may execute."""
    for path in ["/usr/bin/python3", shutil.which("python3")]:
        if path and os.path.exists(path):
            return path
    raise unittest.SkipTest("python3 is not installed")


def make_file(path, size):
    """Fills a file with bytes that no shift maps onto themselves; their SHA-256."""
    digest = hashlib.sha256()
    block = os.urandom(1 << 20)
    with open(path, "wb") as file:
        written = 0
        for number in itertools.count():
            if written == size:
                return digest.hexdigest()
            piece = (number.to_bytes(8, "big") + block[8:])[:size - written]
            file.write(piece)
            digest.update(piece)
            written += len(piece)


def hash_of(path):
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


class Namespace:
    """A network namespace of one's own, with nothing in it but its loopback."""

    def __init__(self):
        if os.geteuid() != 0:
            raise unittest.SkipTest("network namespaces and TAP devices take root")
        require("ip")
        self.name = f"sockeye-{os.getpid()}-{next(numbers)}"
        made = run("ip", "netns", "add", self.name, check=False)
        if made.returncode != 0:
            reason = made.stderr.decode(errors="replace").strip()
            raise unittest.SkipTest(f"no network namespace can be made: {reason}")
        self.run("ip", "link", "set", "lo", "up")

    def words(self, *arguments):
        """A command line that runs inside."""
        return ["ip", "netns", "exec", self.name, *map(str, arguments)]

    def run(self, *arguments, **options):
        return run(*self.words(*arguments), **options)

    def start(self, *arguments, **options):
        """Starts a program inside, in a process group of its own."""
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(self.words(*arguments), start_new_session=True, **options)

    def python(self, program, *arguments, **options):
        """Runs a Python program inside."""
        return self.run(system_python(), "-c", program, *arguments, **options)

    def has_device(self, name):
        return self.run("ip", "link", "show", name, check=False).returncode == 0

    def remove(self):
        # What still runs inside would keep the namespace alive.
        pids = run("ip", "netns", "pids", self.name, check=False).stdout.split()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        run("ip", "netns", "delete", self.name, check=False)


def stop(process, by=signal.SIGKILL, timeout=20):
    """Ends a process that was started here; its exit status."""
    if process.poll() is None:
        process.send_signal(by)
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise AssertionError(f"{process.args} did not end on {by.name}") from None


def end(process):
    """Ends a host whose captures are wanted whole: in order if it can, and in any case."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
    return stop(process)


class TAPHost:
    """`sockeye host` on a TAP device in a namespace, whose kernel is its peer."""

    address = "10.7.0.2"
    kernel = "10.7.0.1"

    def __init__(self, namespace, *options, environment=None):
        if not os.path.exists("/dev/net/tun"):
            raise unittest.SkipTest("there is no /dev/net/tun")
        self.namespace = namespace
        self.log = tempfile.TemporaryFile()
        self.process = namespace.start(
            SOCKEYE, "host", "--tap", "tap0", "--address", f"{self.address}/24", *options,
            stdout=self.log, stderr=self.log, env=environment)
        wait_until(
            lambda: namespace.has_device("tap0") or self.process.poll() is not None,
            "the host has its device")
        if self.process.poll() is not None:
            reason = self.output().strip()
            if "denied" in reason or "not permitted" in reason:
                raise unittest.SkipTest(f"no TAP device can be made: {reason}")
            raise AssertionError(f"sockeye host ended: {reason}")
        namespace.run("ip", "address", "add", f"{self.kernel}/24", "dev", "tap0")
        namespace.run("ip", "link", "set", "tap0", "up")
        wait_until(self.answers, f"{self.address} answers a ping")

    def answers(self):
        return self.namespace.run(
            "ping", "-n", "-q", "-c", 1, "-W", 1, self.address, check=False).returncode == 0

    def output(self):
        """What it printed so far."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def url(self, path=""):
        return f"http://{self.address}/{path}"

    def memory(self):
        """Its resident memory in bytes."""
        with open(f"/proc/{self.pid()}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    def pid(self):
        """`ip netns exec` becomes the program it runs."""
        return self.process.pid

    def stop(self, by=signal.SIGINT):
        return stop(self.process, by)

    def end(self):
        return end(self.process)


def faults_in_capture(path):
    """What tshark objects to in a capture: malformed packets, wrong checksums, whatever its experts
    call an error; one line each."""
    require("tshark")
    # The kernel quotes merged packets of ours as it got them, with sums that are not complete.
    quotes = "icmp.type in {3,5,11,12} || icmpv6.type in {1,2,3,4,137}"
    complaints = ["_ws.malformed"]
    complaints += [f"{name}.checksum.status == Bad" for name in ("ip", "icmp", "icmpv6", "igmp")]
    others = ["_ws.expert.severity == error"]
    others += [f"{name}.checksum.status == Bad" for name in ("tcp", "udp")]
    complaints.append(f"(({' || '.join(others)}) && !({quotes}))")
    arguments = ["tshark", "-n", "-r", path, "-Y", " || ".join(complaints)]
    for name in ("ip", "tcp", "udp"):
        arguments += ["-o", f"{name}.check_checksum:TRUE"]
    return run(*arguments, timeout=300).stdout.decode(errors="replace")


def trim_capture(path):
    """Cuts off a record that is not whole at the end of a capture; how many records there are."""
    data = pathlib.Path(path).read_bytes()
    order = "little" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else "big"
    place, count = 24, 0
    while place + 16 <= len(data):
        length = int.from_bytes(data[place + 8:place + 12], order)
        if place + 16 + length > len(data):
            break
        place, count = place + 16 + length, count + 1
    if place < len(data):
        os.truncate(path, place)
    return count


def packets_in_capture(path):
    """How many packets a capture has, by tshark's count."""
    require("tshark")
    return len(run("tshark", "-n", "-r", path, timeout=300).stdout.splitlines())
