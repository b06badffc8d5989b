"""The kernel's programs against `sockeye host` on a TAP device."""
import os
import signal
import subprocess
import time
import unittest

import support
from support import Namespace, TAPHost

GIGABYTE = 1_000_000_000


class HostServesTheKernel(unittest.TestCase):
    """One host, asked by all that Linux has."""

    @classmethod
    def setUpClass(cls):
        support.require("curl", "ping", "nc")
        room = support.room()
        cls.room = room.__enter__()
        cls.addClassCleanup(room.__exit__, None, None, None)
        cls.namespace = Namespace()
        cls.addClassCleanup(cls.namespace.remove)
        cls.files = cls.room / "files"
        cls.files.mkdir()
        cls.host = TAPHost(
            cls.namespace, "--serve", f"echo,discard,daytime,chargen,http={cls.files}",
            "--writable")
        cls.addClassCleanup(cls.host.end)

    def curl(self, *arguments, timeout=300, **options):
        return self.namespace.run(
            "curl", "-sS", "--fail", "--max-time", timeout - 5, *arguments, timeout=timeout,
            **options)

    def test_gigabyte_down(self):
        """curl fetches a gigabyte, every byte right"""
        digest = support.make_file(self.files / "down", GIGABYTE)
        self.addCleanup(os.remove, self.files / "down")
        target = self.room / "fetched"
        self.curl("-o", target, self.host.url("down"))
        self.addCleanup(os.remove, target)
        self.assertEqual(support.hash_of(target), digest)

    def test_gigabyte_up(self):
        """curl puts a gigabyte, every byte right"""
        source = self.room / "source"
        digest = support.make_file(source, GIGABYTE)
        self.addCleanup(os.remove, source)
        self.curl("-T", source, self.host.url("up"))
        self.addCleanup(os.remove, self.files / "up")
        self.assertEqual(support.hash_of(self.files / "up"), digest)

    def test_many_at_once(self):
        """200 curls in parallel each get their file"""
        digests = {}
        for number in range(200):
            digests[number] = support.make_file(self.files / f"part{number}", 20_000 + 997 * number)
        curls = {
            number: self.namespace.start(
                "curl", "-sS", "--fail", "--max-time", 60, "-o", self.room / f"got{number}",
                self.host.url(f"part{number}"), stderr=subprocess.PIPE)
            for number in digests}
        for number, curl in curls.items():
            complaint = curl.communicate(timeout=90)[1].decode()
            self.assertEqual((number, curl.returncode, complaint), (number, 0, ""))
            self.assertEqual(support.hash_of(self.room / f"got{number}"), digests[number])

    def test_ping_of_every_size(self):
        """ping of every size that fits a frame, 0 to 1472 bytes, is answered"""
        script = (
            f"for size in $(seq 0 1472); do"
            f" ping -n -q -c 1 -W 5 -s $size {self.host.address} >&2 || exit 1; done")
        done = self.namespace.run("sh", "-c", script, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode()[-300:])
        self.assertNotIn(b"wrong", done.stderr)

    def test_echo_with_half_close(self):
        """nc sends a megabyte to echo, ends its side, and gets all of it back"""
        sent = os.urandom(1_000_000)
        done = self.namespace.run("nc", "-N", "-w", 20, self.host.address, 7, input=sent)
        self.assertEqual(done.stdout, sent)

    def test_urgent_byte(self):
        """an urgent byte of the kernel's is left out of the stream that echo returns"""
        done = self.namespace.python(
            "import socket, sys\n"
            "peer = socket.create_connection((sys.argv[1], 7), timeout=10)\n"
            "peer.sendall(b'before ')\n"
            "peer.send(b'middle !', socket.MSG_OOB)\n"
            "peer.sendall(b'after')\n"
            "peer.shutdown(socket.SHUT_WR)\n"
            "echoed = b''.join(iter(lambda: peer.recv(100), b''))\n"
            "assert echoed == b'before middle after', echoed\n",
            self.host.address)
        self.assertEqual(done.stderr, b"")

    def test_echo_of_datagrams(self):
        """UDP echo returns datagrams of every size that fits a frame"""
        done = self.namespace.python(
            "import os, socket, sys\n"
            "peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "peer.settimeout(5)\n"
            "peer.connect((sys.argv[1], 7))\n"
            "for size in list(range(1, 1472, 49)) + [1472]:\n"
            "    sent = os.urandom(size)\n"
            "    peer.send(sent)\n"
            "    assert peer.recv(2000) == sent, size\n",
            self.host.address)
        self.assertEqual(done.stderr, b"")

    def test_daytime(self):
        """daytime says the date and closes"""
        said = self.namespace.run("nc", "-d", "-w", 10, self.host.address, 13).stdout.decode()
        self.assertIn(time.strftime("%Y", time.gmtime()), said)

    def test_chargen_stops_when_its_reader_goes(self):
        """chargen sends lines of 72 characters until its reader goes"""
        text = self.namespace.run(
            "sh", "-c", f"nc -d {self.host.address} 19 | head -c 740000").stdout
        self.assertEqual(len(text), 740_000)
        lines = text.split(b"\r\n")
        self.assertEqual({len(line) for line in lines[:-1]}, {72})

    def test_refused_ports(self):
        """ports nobody listens on refuse, by RST and by ICMP"""
        done = self.namespace.python(
            "import socket, sys, time\n"
            "began = time.monotonic()\n"
            "for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:\n"
            "    peer = socket.socket(socket.AF_INET, kind)\n"
            "    peer.settimeout(5)\n"
            "    try:\n"
            "        peer.connect((sys.argv[1], 4))\n"
            "        peer.send(b'?')\n"
            "        peer.recv(1)\n"
            "    except ConnectionRefusedError: continue\n"
            "    sys.exit('not refused')\n"
            "assert time.monotonic() - began < 2\n",
            self.host.address, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_no_way_out_of_the_directory(self):
        """no path leads out of the served directory"""
        (self.room / "secret").write_text("secret")
        for path in ["../secret", "%2e%2e/secret", "..%2fsecret", "//../secret", "x/../../secret"]:
            done = self.namespace.run(
                "curl", "-s", "--path-as-is", "--max-time", 10, self.host.url(path), check=False)
            self.assertNotIn(b"secret\n", done.stdout + b"\n", path)

    def test_killed_clients(self):
        """clients that are killed while they receive leave nothing behind"""
        support.make_file(self.files / "large", 50_000_000)
        self.addCleanup(os.remove, self.files / "large")

        def descriptors():
            return len(os.listdir(f"/proc/{self.host.pid()}/fd"))

        before = descriptors()
        curls = [
            self.namespace.start(
                "curl", "-sS", "--limit-rate", "100k", "-o", "/dev/null", self.host.url("large"))
            for _ in range(20)]
        support.wait_until(lambda: descriptors() >= before + 20, "20 downloads are under way")
        for curl in curls:
            support.stop(curl, signal.SIGKILL)
        support.wait_until(lambda: descriptors() == before, "the files are closed again", 20)
        self.assertTrue(self.host.answers())


class HostComesAndGoes(unittest.TestCase):
    """How `sockeye host` ends, and what is left then."""

    def setUp(self):
        self.namespace = Namespace()
        self.addCleanup(self.namespace.remove)

    def test_interrupt_ends_it_cleanly(self):
        """SIGINT ends the host with status 0, its device gone"""
        for signal_ in signal.SIGINT, signal.SIGTERM:
            host = TAPHost(self.namespace, "--serve", "echo", "--stats")
            self.assertEqual(host.stop(signal_), 0, host.output())
            self.assertFalse(self.namespace.has_device("tap0"))

    def test_killed_host_leaves_nothing(self):
        """a host that is killed leaves no device, and the next one takes its place"""
        host = TAPHost(self.namespace, "--serve", "echo")
        host.stop(signal.SIGKILL)
        support.wait_until(lambda: not self.namespace.has_device("tap0"), "the device is gone")
        TAPHost(self.namespace, "--serve", "echo").stop()

    def test_without_offloads(self):
        """without offloads every frame stands for itself, and its sums are right"""
        support.require("curl", "tshark")
        with support.room() as room:
            digest = support.make_file(room / "file", 20_000_000)
            capture = room / "host.pcap"
            host = TAPHost(
                self.namespace, "--serve", f"http={room}", "--no-offload", "--capture", capture)
            self.namespace.run(
                "curl", "-sS", "--fail", "-o", room / "got", host.url("file"), timeout=120)
            self.assertEqual(support.hash_of(room / "got"), digest)
            self.assertEqual(host.stop(), 0, host.output())
            self.assertEqual(support.faults_in_capture(capture), "")
            self.assertGreater(support.packets_in_capture(capture), 20_000_000 // 1460)


class HostRefusesNonsense(unittest.TestCase):
    """Errors of the command line are said on standard error, with the right status."""

    def test_wrong_command_lines(self):
        """wrong command lines end with status 2 and a word on standard error"""
        wrong = [
            [], ["nonsense"], ["host"], ["host", "--tap"], ["host", "--tap", "t", "--address", "x"],
            ["host", "--tap", "t", "--address", "10.0.0.1/33"], ["run"],
            ["run", "--loss", "200%", "--", "true"], ["demo", "--nonsense"]]
        for words in wrong:
            done = support.run(support.SOCKEYE, *words, check=False)
            self.assertEqual((words, done.returncode, done.stdout), (words, 2, b""))
            self.assertNotEqual(done.stderr, b"")

    def test_help(self):
        """help is there for every command, on standard output"""
        for words in [["help"], ["help", "demo"], ["help", "host"], ["run", "--help"]]:
            done = support.run(support.SOCKEYE, *words)
            self.assertIn(b"usage: sockeye", done.stdout)
