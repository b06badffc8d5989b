"""The tools of `sockeye` that look at hosts and use them, beside those that Linux has."""
import contextlib
import fcntl
import json
import os
import re
import signal
import socket
import struct
import subprocess
import termios
import time
import unittest

import support
from support import Namespace, TAPHost

# The tests ask more often than a kernel would like to answer.
EAGER = ["net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0"]
SOCKET_LINE = re.compile(
    r"^(tcp|udp|raw)6? +(\d+) +(\d+) (\S+) +(\S+)( +([A-Z_0-9]+))?$")


def columns(heading, names):
    """Where each of `names` begins in a heading."""
    return [heading.index(name) for name in names]


class ToolsOnAHost(unittest.TestCase):
    """One host with a name, asked through its control socket."""

    @classmethod
    def setUpClass(cls):
        support.require("ping", "nc")
        room = support.room()
        cls.room = room.__enter__()
        cls.addClassCleanup(room.__exit__, None, None, None)
        cls.namespace = Namespace()
        cls.addClassCleanup(cls.namespace.remove)
        cls.environment = dict(os.environ, XDG_RUNTIME_DIR=str(cls.room))
        cls.host = TAPHost(
            cls.namespace, "--name", "one", "--serve", "echo,daytime,chargen",
            environment=cls.environment)
        cls.addClassCleanup(cls.host.end)

    def tool(self, *words, **options):
        options.setdefault("env", self.environment)
        return support.run(support.SOCKEYE, *words, **options)

    def lines(self, *words):
        return self.tool(*words).stdout.decode().splitlines()

    # Sockets.

    def test_netstat_has_the_form_of_net_tools(self):
        """netstat has the headings and columns of net-tools' netstat"""
        support.require("netstat")
        for options in ["-an"], ["-n"], ["-ln"], ["-rn"], ["-rn6"], ["-i"]:
            theirs = self.namespace.run("netstat", *options, "-A", "inet6" if "-rn6" in options
                                        else "inet", check=False) if options[0] == "-an" else \
                self.namespace.run("netstat", *(["-6rn"] if options == ["-rn6"] else options))
            theirs = theirs.stdout.decode().splitlines()
            ours = self.lines("netstat", *options)
            self.assertEqual(ours[1].split(), theirs[1].split(), options)
            self.assertEqual(ours[0].split()[1:], theirs[0].split()[1:], options)
            # Each column begins where theirs does.
            names = [name for name in ours[1].split() if name not in ("Address",)]
            self.assertEqual(columns(ours[1], names), columns(theirs[1], names), options)

    def test_listeners_and_connections(self):
        """netstat lists what listens, and with a peer what is connected, under both names"""
        kernel = socket_in(self.namespace, self.host.address, 7)
        self.addCleanup(kernel.close)
        lines = self.lines("netstat", "-an")
        self.assertEqual(lines[0], "Active Internet connections (servers and established)")
        for line in lines[2:]:
            self.assertRegex(line, SOCKET_LINE)
        rows = [SOCKET_LINE.match(line).group(1, 4, 5, 7) for line in lines[2:]]
        port = kernel.getsockname()[1]
        self.assertIn(("tcp", "0.0.0.0:7", "0.0.0.0:*", "LISTEN"), rows)
        self.assertIn(("udp", "0.0.0.0:7", "0.0.0.0:*", None), rows)
        self.assertIn(
            ("tcp", f"{self.host.address}:7", f"{self.host.kernel}:{port}", "ESTABLISHED"), rows)
        established = self.lines("netstat", "-n")[2:]
        self.assertEqual([line.split()[-1] for line in established], ["ESTABLISHED"])
        self.assertEqual({line.split()[0] for line in self.lines("netstat", "-anu")[2:]}, {"udp"})
        self.assertEqual({line.split()[0] for line in self.lines("netstat", "-ant")[2:]}, {"tcp"})

    def test_queues_are_true(self):
        """Recv-Q and Send-Q count what nobody has read and what the peer has not acknowledged"""
        # Echo that nobody reads: first its answers find no room, then what it does not read.
        kernel = socket_in(self.namespace, self.host.address, 7)
        self.addCleanup(kernel.close)
        kernel.setblocking(False)
        name = f":{kernel.getsockname()[1]}"
        state = {"given": 0, "last": None}

        def queue(request):
            return int.from_bytes(fcntl.ioctl(kernel, request, bytes(4)), "little")

        def row():
            return next((line for line in self.lines("netstat", "-nt") if name in line), None)

        def is_at_rest():
            with contextlib.suppress(BlockingIOError):
                while True:
                    state["given"] += kernel.send(b"x" * 65536)
            time.sleep(0.2)
            # What the kernel has sent and we have not acknowledged; what it has not read.
            now = (row().split()[1:3], queue(termios.TIOCOUTQ), queue(termios.FIONREAD))
            was, state["last"] = state["last"], now
            return was == now

        support.wait_until(is_at_rest, "nothing moves any more", 20)
        (received, sent), kept, unread = state["last"]
        received, sent = int(received), int(sent)
        self.assertGreater(received, 100_000)
        self.assertGreater(sent, 100_000)
        # What we acknowledged is unread, or echoed, or in the service's hands.
        in_hands = state["given"] - kept - received - sent - unread
        self.assertGreaterEqual(in_hands, 0)
        self.assertLessEqual(in_hands, 65536)
        kernel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        kernel.close()
        support.wait_until(lambda: row() is None, "the connection is gone")

    # Routes, interfaces, statistics.

    def test_routes_and_interfaces(self):
        """netstat shows the way to the host's network, and its interfaces with their counters"""
        routes = [line.split() for line in self.lines("netstat", "-rn")[2:]]
        self.assertIn(["10.7.0.0", "0.0.0.0", "255.255.255.0", "U", "0", "0", "0", "tap0"], routes)
        table = {line.split()[0]: line.split() for line in self.lines("netstat", "-i")[2:]}
        self.assertEqual(set(table), {"lo", "tap0"})
        before = int(table["tap0"][2])
        self.assertTrue(self.host.answers())
        after = next(line.split() for line in self.lines("netstat", "-i") if "tap0" in line)
        self.assertGreater(int(after[2]), before)

    def test_statistics(self):
        """netstat counts in words, by protocol"""
        def count(words):
            text = "\n".join(self.lines("netstat", "-s"))
            return int(re.search(rf"^    (\d+) {words}$", text, re.MULTILINE).group(1))

        before = count("echoes answered")
        self.assertTrue(self.host.answers())
        self.assertEqual(count("echoes answered"), before + 1)
        text = "\n".join(self.lines("netstat", "-s"))
        for section in "Arp:", "Icmp:", "Ip:", "Tcp:", "Udp:":
            self.assertIn(section, text.splitlines())
        only = self.lines("netstat", "-st")
        self.assertEqual([line for line in only if not line.startswith(" ")], ["Tcp:"])

    # Neighbours.

    def test_arp_table(self):
        """arp shows the kernel's hardware address as net-tools' arp does"""
        support.require("arp")
        self.assertTrue(self.host.answers())
        hardware = self.namespace.run("cat", "/sys/class/net/tap0/address").stdout.decode().strip()
        ours = self.lines("arp", "-n")
        theirs = self.namespace.run("arp", "-n").stdout.decode().splitlines()
        self.assertEqual(ours[0], theirs[0])
        row = next(line for line in ours if line.startswith(self.host.kernel))
        model = next(line for line in theirs if line.startswith(self.host.address))
        self.assertEqual(row.split(), [self.host.kernel, "ether", hardware, "C", "tap0"])
        self.assertEqual([row.index("ether"), row.index(hardware), row.index(" C ")],
                         [model.index("ether"), model.index("ether") + 8, model.index(" C ")])
        sentence = f"? ({self.host.kernel}) at {hardware} [ether] on tap0"
        self.assertIn(sentence, self.lines("arp", "-an"))
        self.assertEqual(self.tool("arp", "10.7.0.77", check=False).returncode, 1)

    def test_entries_of_ones_own(self):
        """arp sets an entry that is believed against what is answered, and deletes it"""
        hardware = self.namespace.run("cat", "/sys/class/net/tap0/address").stdout.decode().strip()
        self.assertTrue(self.host.answers())
        self.tool("arp", "-s", self.host.kernel, "02:00:00:00:00:99")
        row = next(line for line in self.lines("arp", "-n") if self.host.kernel in line)
        self.assertEqual(row.split(), [self.host.kernel, "ether", "02:00:00:00:00:99", "CM", "tap0"])
        self.assertFalse(self.host.answers())
        self.tool("arp", "-d", self.host.kernel)
        self.assertTrue(self.host.answers())
        self.assertIn(hardware, "\n".join(self.lines("arp", "-n")))
        self.tool("arp", "-s", "10.7.0.50", "pub")
        self.namespace.run("ping", "-n", "-q", "-c", 1, "-W", 1, "10.7.0.50", check=False)
        known = self.namespace.run("arp", "-n", "10.7.0.50").stdout.decode()
        self.assertIn("02:00:0a:07:00:02", known)
        for words in ["-s", "10.7.0.9"], ["-s", "10.7.0.9", "x"], ["-d"], ["10.7.0.1", "pub"]:
            self.assertEqual(self.tool("arp", *words, check=False).returncode, 2, words)
        self.assertEqual(self.tool("arp", "-d", "10.7.0.99", check=False).returncode, 1)

    def test_moved_hardware_address(self):
        """a kernel that changes its hardware address is found again, and arp shows the new one"""
        before = self.namespace.run("cat", "/sys/class/net/tap0/address").stdout.decode().strip()
        for hardware in "02:00:00:00:77:01", before:
            self.namespace.run("ip", "link", "set", "tap0", "address", hardware)
            support.wait_until(self.host.answers, "the host answers at the new address", 20)
            self.assertIn(hardware, "\n".join(self.lines("arp", "-n")))

    # The control socket.

    def test_only_the_owner(self):
        """the control socket is its owner's alone: mode 0600 in a directory of mode 0700"""
        directory = self.room / "sockeye"
        self.assertEqual(directory.stat().st_mode & 0o7777, 0o700)
        self.assertEqual((directory / "one.socket").stat().st_mode & 0o7777, 0o600)
        user = support.as_ordinary_user()
        if not user:
            self.skipTest("another user takes root")
        command = support.command_for_everybody(self.room)
        done = support.run(
            *user, command, "netstat", "-an", env=self.environment, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, b"")
        self.assertNotEqual(done.stderr, b"")
        # Even where the files' modes let others in, the host asks who it is.
        directory.chmod(0o755)
        (directory / "one.socket").chmod(0o666)
        self.addCleanup(directory.chmod, 0o700)
        self.addCleanup((directory / "one.socket").chmod, 0o600)
        program = (
            "import socket, sys\n"
            "peer = socket.socket(socket.AF_UNIX)\n"
            "peer.connect(sys.argv[1])\n"
            "peer.sendall(b'{\"tool\":\"netstat\",\"arguments\":[]}\\n')\n"
            "print(peer.makefile().read())\n")
        said = support.run(
            *user, support.system_python(), "-c", program, directory / "one.socket").stdout
        self.assertIn(b"another user", said)
        self.assertNotIn(b"Proto", said)

    def test_bad_requests(self):
        """bad requests get an error each, and the host goes on"""
        requests = [
            b"\n", b"nonsense\n", b"[]\n", b"{}\n", b'{"tool":7}\n', b'{"tool":"none"}\n',
            b'{"tool":"netstat","arguments":"-an"}\n', b'{"tool":"netstat","arguments":[7]}\n',
            b'{"tool":"netstat","arguments":["--nonsense"]}\n', b"\xff\xfe\n", b"[" * 5000 + b"\n",
            b'{"tool":"netstat","arguments":["' + b"x" * 70_000 + b'"]}\n']
        for request in requests:
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(10)
                peer.connect(str(self.room / "sockeye/one.socket"))
                peer.sendall(request)
                replies = [json.loads(line) for line in peer.makefile()]
            self.assertTrue(replies[0]["error"], request[:50])
            self.assertEqual(replies[-1], {"exit": 2}, request[:50])
        for request in b"", b"{":
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(str(self.room / "sockeye/one.socket"))
                peer.sendall(request)
        self.assertTrue(self.host.answers())
        self.assertIn("LISTEN", "\n".join(self.lines("netstat", "-an")))

    def test_one_name_one_host(self):
        """a second host of the same name is refused, and leaves the first alone"""
        done = self.namespace.run(
            support.SOCKEYE, "host", "--name", "one", "--tap", "tap9", "--address", "10.8.0.2/24",
            env=self.environment, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"a host 'one' runs already", done.stderr)
        self.assertIn("LISTEN", "\n".join(self.lines("netstat", "-an", "--name", "one")))

    def test_names_that_are_none(self):
        """a host that does not run is said so, with those that do"""
        done = self.tool("netstat", "--name", "two", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"there is no host 'two'; there are: one", done.stderr)


class ToolsAndSeveralHosts(unittest.TestCase):
    """Hosts come and go under their names."""

    def setUp(self):
        self.namespace = Namespace()
        self.addCleanup(self.namespace.remove)
        room = support.room()
        self.room = room.__enter__()
        self.addCleanup(room.__exit__, None, None, None)
        self.environment = dict(os.environ, XDG_RUNTIME_DIR=str(self.room))

    def test_a_socket_left_behind(self):
        """a killed host's socket is replaced, an ended host's is removed"""
        host = TAPHost(self.namespace, "--name", "one", environment=self.environment)
        host.stop(signal.SIGKILL)
        left = self.room / "sockeye/one.socket"
        self.assertTrue(left.exists())
        done = support.run(support.SOCKEYE, "netstat", env=self.environment, check=False)
        self.assertIn(b"no host runs", done.stderr)
        support.wait_until(lambda: not self.namespace.has_device("tap0"), "the device is gone")
        host = TAPHost(self.namespace, "--name", "one", environment=self.environment)
        support.run(support.SOCKEYE, "netstat", "-i", env=self.environment)
        self.assertEqual(host.stop(), 0)
        self.assertFalse(left.exists())

    def test_a_directory_that_is_not_safe(self):
        """a directory that others may enter is refused, with what to do about it"""
        (self.room / "sockeye").mkdir(mode=0o755)
        done = self.namespace.run(
            support.SOCKEYE, "host", "--name", "one", "--tap", "tap0", "--address", "10.7.0.2/24",
            env=self.environment, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"others may enter it", done.stderr)

    def test_peers_see_the_end(self):
        """a host that is interrupted ends its connections with FIN, not with a reset"""
        host = TAPHost(self.namespace, "--serve", "echo,discard,chargen")
        peers = {port: socket_in(self.namespace, host.address, port) for port in (7, 9, 19)}
        for peer in peers.values():
            self.addCleanup(peer.close)
            peer.settimeout(10)
        peers[7].sendall(b"hello\n")
        self.assertEqual(peers[7].recv(100), b"hello\n")
        began = time.monotonic()
        host.process.send_signal(signal.SIGINT)
        for port, peer in peers.items():
            while peer.recv(1 << 20):
                pass
            peer.close()
        self.assertEqual(host.process.wait(10), 0, host.output())
        self.assertLess(time.monotonic() - began, 6)


def socket_in(namespace, address, port):
    """A connection of the kernel's in a namespace to a host there."""
    read, write = socket.socketpair()
    program = (
        "import array, socket, sys\n"
        "peer = socket.create_connection((sys.argv[1], int(sys.argv[2])), 10)\n"
        "way = socket.socket(fileno=0)\n"
        "way.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,"
        " array.array('i', [peer.fileno()]))])\n")
    with read, write:
        support.run(
            *namespace.words(support.system_python(), "-c", program, address, port), stdin=write)
        _, [(_, _, number)], _, _ = read.recvmsg(1, socket.CMSG_SPACE(4))
    connection = socket.socket(fileno=int.from_bytes(number, "little"))
    connection.setblocking(True)
    return connection


class ToolsThatSpeak(unittest.TestCase):
    """ping and traceroute from a host's own stack, to the kernel and across its router."""

    @classmethod
    def setUpClass(cls):
        support.require("ping", "traceroute", "sysctl")
        room = support.room()
        cls.room = room.__enter__()
        cls.addClassCleanup(room.__exit__, None, None, None)
        cls.environment = dict(os.environ, XDG_RUNTIME_DIR=str(cls.room))
        cls.router, cls.far = Namespace(), Namespace()
        for namespace in cls.router, cls.far:
            cls.addClassCleanup(namespace.remove)
            namespace.run("sysctl", "-qw", *EAGER, "net.ipv4.ip_forward=1",
                          "net.ipv6.conf.all.forwarding=1")
        connect(cls.router, "10.9.0.1/24", "fd09::1/64", cls.far, "10.9.0.2/24", "fd09::2/64")
        cls.far.run("ip", "route", "add", "default", "via", "10.9.0.1")
        cls.far.run("ip", "-6", "route", "add", "default", "via", "fd09::1")
        cls.capture = cls.room / "host.pcap"
        cls.host = TAPHost(
            cls.router, "--address", "fd07::2/64", "--gateway", "10.7.0.1", "--gateway", "fd07::1",
            "--name", "one", "--capture", cls.capture, environment=cls.environment)
        cls.addClassCleanup(cls.host.end)
        cls.router.run("ip", "address", "add", "fd07::1/64", "dev", "tap0", "nodad")

    def tool(self, *words, **options):
        options.setdefault("env", self.environment)
        return support.run(support.SOCKEYE, *words, **options)

    def ping(self, *words):
        done = self.tool("ping", *words, check=False)
        return done.returncode, done.stdout.decode().splitlines()

    def pings(self, target, heading, hops):
        for size in 0, 56, 1400:
            status, lines = self.ping("-c", 3, "-i", 0.05, "-s", size, target)
            self.assertEqual(status, 0, lines)
            self.assertEqual(lines[0], heading(size))
            for number, line in enumerate(lines[1:4], 1):
                self.assertRegex(
                    line, rf"^{size + 8} bytes from {target}: icmp_seq={number} ttl={hops} "
                    r"time=\d+(\.\d+)? ms$")
            self.assertEqual(lines[4:6], ["", f"--- {target} ping statistics ---"])
            self.assertRegex(
                lines[6], r"^3 packets transmitted, 3 received, 0% packet loss, time \d+ms$")
            self.assertRegex(
                lines[7], r"^rtt min/avg/max/mdev = (\d+\.\d{3}/){3}\d+\.\d{3} ms$")

    def test_ping(self):
        """ping reaches the kernel and what is behind it, and says so as iputils does"""
        def heading(target):
            return lambda size: f"PING {target} ({target}) {size}({size + 28}) bytes of data."

        self.pings("10.7.0.1", heading("10.7.0.1"), 64)
        self.pings("10.9.0.2", heading("10.9.0.2"), 63)
        model = self.router.run("ping", "-n", "-c", 2, "-i", 0.2, "10.7.0.2").stdout.decode()
        ours = self.tool("ping", "-c", 2, "-i", 0.2, "10.7.0.1").stdout.decode()
        self.assertEqual(form(ours), form(model))

    def test_ping_over_ipv6(self):
        """ping reaches the kernel and what is behind it over IPv6, and is answered"""
        def heading(target):
            return lambda size: f"PING {target}({target}) {size} data bytes"

        self.pings("fd07::1", heading("fd07::1"), 64)
        self.pings("fd09::2", heading("fd09::2"), 63)
        for size in 0, 56, 1452:
            self.far.run("ping", "-n", "-q", "-c", 2, "-i", 0.2, "-s", size, "fd07::2")
        status, lines = self.ping("-c", 1, "-t", 1, "fd09::2")
        self.assertEqual((status, lines[1]), (
            1, "From fd07::1 icmp_seq=1 Time exceeded: Hop limit"))
        status, lines = self.ping("-c", 1, "-W", 5, "fd07::77")
        self.assertEqual((status, lines[1]), (
            1, "From fd07::2 icmp_seq=1 Destination unreachable: Address unreachable"))

    def test_ping_that_fails(self):
        """ping tells of routers' errors, of silence and of what is too long, with the right status"""
        status, lines = self.ping("-c", 2, "-i", 0.05, "-t", 1, "10.9.0.2")
        self.assertEqual(status, 1)
        self.assertEqual(lines[1:3], [
            f"From 10.7.0.1 icmp_seq={number} Time to live exceeded" for number in (1, 2)])
        self.assertRegex(lines[5], r"2 packets transmitted, 0 received, \+2 errors, 100% packet l")
        status, lines = self.ping("-c", 1, "-W", 5, "10.7.0.77")
        self.assertEqual((status, lines[1]), (
            1, "From 10.7.0.2 icmp_seq=1 Destination Host Unreachable"))
        done = self.tool("ping", "-c", 1, "-M", "do", "-s", 1473, "10.7.0.1", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"message too long, mtu=1500", done.stderr)
        for words in [], ["somewhere"], ["-c", "0", "10.7.0.1"], ["-s", "70000", "10.7.0.1"], \
                ["-6", "10.7.0.1"], ["-i", "x", "10.7.0.1"], ["10.7.0.1", "10.7.0.2"]:
            self.assertEqual(self.tool("ping", *words, check=False).returncode, 2, words)

    def test_ping_ends_with_its_client(self):
        """ping says how it went when it is interrupted, and ends when its client goes"""
        for by in signal.SIGINT, signal.SIGKILL:
            process = subprocess.Popen(
                [support.SOCKEYE, "ping", "-i", "0.05", "10.7.0.1"], env=self.environment,
                stdout=subprocess.PIPE, text=True)
            self.addCleanup(process.stdout.close)
            for _ in range(4):
                self.assertTrue(process.stdout.readline())
            self.assertIn("raw", {line.split()[0] for line in self.sockets()})
            process.send_signal(by)
            rest = process.stdout.read()
            status = process.wait(10)
            if by == signal.SIGINT:
                self.assertEqual(status, 0)
                self.assertIn(" 0% packet loss", rest)
            support.wait_until(lambda: not self.sockets(), "its socket is closed")

    def sockets(self):
        return self.tool("netstat", "-anw").stdout.decode().splitlines()[2:]

    def test_ping_by_a_host_of_its_own(self):
        """ping can bring the host that it speaks from"""
        # A device that stays, so that the kernel's address is there before the host.
        self.router.run("ip", "tuntap", "add", "dev", "tap5", "mode", "tap")
        self.addCleanup(self.router.run, "ip", "link", "delete", "tap5")
        self.router.run("ip", "address", "add", "10.5.0.1/24", "dev", "tap5")
        self.router.run("ip", "link", "set", "tap5", "up")
        done = self.router.run(
            support.SOCKEYE, "ping", "--tap", "tap5", "--address", "10.5.0.2/24", "-c", 2, "-i",
            0.1, "10.5.0.1")
        self.assertIn(b"2 packets transmitted, 2 received", done.stdout)
        done = self.router.run(
            support.SOCKEYE, "ping", "--tap", "tap5", "--address", "10.5.0.2/24", "--out-loss",
            "100%", "-c", 2, "-i", 0.1, "-W", 0.3, "10.5.0.1", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"2 packets transmitted, 0 received", done.stdout)

    # Routes.

    def trace(self, *words):
        return self.tool("traceroute", *words).stdout.decode().splitlines()

    def test_traceroute(self):
        """traceroute finds the kernel's router by datagrams, echoes and segments"""
        for options, size in ([], 60), (["-I"], 60), (["-T"], 40):
            lines = self.trace(*options, "10.9.0.2")
            self.assertEqual(
                lines[0], f"traceroute to 10.9.0.2 (10.9.0.2), 30 hops max, {size} byte packets")
            self.assertEqual(len(lines), 3, lines)
            for number, hop in (1, "10.7.0.1"), (2, "10.9.0.2"):
                self.assertRegex(
                    lines[number], rf"^ {number}  {hop} \({hop}\)(  \d+\.\d{{3}} ms){{3}}$")
        lines = self.trace("-n", "-q", 1, "-f", 2, "10.9.0.2")
        self.assertRegex(lines[1], r"^ 2  10\.9\.0\.2  \d+\.\d{3} ms$")
        model = self.far.run("traceroute", "-n", "10.7.0.2").stdout.decode()
        self.assertEqual(form(model), form("\n".join(self.trace("-n", "10.9.0.2")) + "\n"))

    def test_traceroute_over_ipv6(self):
        """traceroute finds the kernel's router over IPv6 by datagrams, echoes and segments"""
        for options, size in ([], 80), (["-I"], 80), (["-T"], 60):
            lines = self.trace("-n", *options, "fd09::2")
            self.assertEqual(
                lines[0], f"traceroute to fd09::2 (fd09::2), 30 hops max, {size} byte packets")
            self.assertEqual(len(lines), 3, lines)
            for number, hop in (1, "fd07::1"), (2, "fd09::2"):
                self.assertRegex(lines[number], rf"^ {number}  {hop}(  \d+\.\d{{3}} ms){{3}}$")

    def test_traceroute_that_fails(self):
        """traceroute shows silence as stars, and marks what cannot be reached"""
        self.far.run("ip", "route", "add", "blackhole", "10.10.0.1")
        self.far.run("ip", "route", "add", "unreachable", "10.10.0.2")
        self.router.run("ip", "route", "add", "10.10.0.0/16", "via", "10.9.0.2")
        lines = self.trace("-n", "-w", 0.3, "-m", 4, "10.10.0.1")
        self.assertEqual(lines[3:], [" 3  * * *", " 4  * * *"])
        lines = self.trace("-n", "-q", 1, "10.10.0.2")
        self.assertRegex(lines[-1], r"^ [23]  10\.9\.0\.2  \d+\.\d{3} ms !H$")


class RoutesThroughAHost(unittest.TestCase):
    """A forwarding host between two namespaces, which know nothing of it but a gateway."""

    @classmethod
    def setUpClass(cls):
        support.require("ping", "traceroute")
        if not os.path.exists("/dev/net/tun"):
            raise unittest.SkipTest("there is no /dev/net/tun")
        room = support.room()
        cls.room = room.__enter__()
        cls.addClassCleanup(room.__exit__, None, None, None)
        cls.environment = dict(os.environ, XDG_RUNTIME_DIR=str(cls.room))
        cls.middle, cls.left, cls.right = Namespace(), Namespace(), Namespace()
        for namespace in cls.middle, cls.left, cls.right:
            cls.addClassCleanup(namespace.remove)
        cls.captures = [cls.room / "left.pcap", cls.room / "right.pcap"]
        cls.host = cls.middle.start(
            support.SOCKEYE, "host", "--name", "router", "--forward",
            "--tap", "tapL", "--address", "10.1.0.1/24", "--address", "fd01::1/64",
            "--capture", cls.captures[0],
            "--tap", "tapR", "--address", "10.2.0.1/24", "--address", "fd02::1/64",
            "--capture", cls.captures[1], "--route", "10.3.0.0/16=10.2.0.2",
            env=cls.environment, stdout=subprocess.DEVNULL)
        cls.addClassCleanup(support.end, cls.host)
        for device, namespace, number in ("tapL", cls.left, 1), ("tapR", cls.right, 2):
            support.wait_until(lambda: cls.middle.has_device(device), "the host has its devices")
            namespace.run("sysctl", "-qw", *EAGER)
            # The kernel's end goes where the host is not.
            cls.middle.run("ip", "link", "set", device, "netns", namespace.name)
            namespace.run("ip", "address", "add", f"10.{number}.0.2/24", "dev", device)
            namespace.run("ip", "address", "add", f"fd0{number}::2/64", "dev", device, "nodad")
            namespace.run("ip", "link", "set", device, "up")
            namespace.run("ip", "route", "add", "default", "via", f"10.{number}.0.1")
            namespace.run("ip", "-6", "route", "add", "default", "via", f"fd0{number}::1")
        cls.right.run("ip", "address", "add", "10.3.0.1/32", "dev", "lo")

    def test_kernels_traceroute_across(self):
        """the kernel's traceroute shows the host between the two"""
        for options in [], ["-I"], ["-T"]:
            for target in "10.2.0.2", "10.3.0.1":
                lines = self.left.run(
                    "traceroute", "-n", "-w", 2, *options, target).stdout.decode().splitlines()
                self.assertEqual(len(lines), 3, lines)
                self.assertRegex(lines[1], r"^ 1  10\.1\.0\.1(  \d+\.\d{3} ms){3}$")
                self.assertRegex(
                    lines[2], rf"^ 2  {re.escape(target)}(  \d+\.\d{{3}} ms){{3}}$")

    def test_kernels_traceroute_across_ipv6(self):
        """the kernel's traceroute shows the host between the two over IPv6"""
        for options in [], ["-I"]:
            lines = self.left.run(
                "traceroute", "-6", "-n", "-w", 2, *options, "fd02::2"
            ).stdout.decode().splitlines()
            self.assertEqual(len(lines), 3, lines)
            self.assertRegex(lines[1], r"^ 1  fd01::1(  \d+\.\d{3} ms){3}$")
            self.assertRegex(lines[2], r"^ 2  fd02::2(  \d+\.\d{3} ms){3}$")

    def test_pings_and_streams_across(self):
        """pings and a stream pass through the host, whose counters tell of them"""
        self.left.run("ping", "-n", "-c", 3, "-i", 0.1, "10.2.0.2")
        program = (
            "import socket, sys\n"
            "listener = socket.create_server(('', 5555))\n"
            "print('ready', flush=True)\n"
            "peer, _ = listener.accept()\n"
            "while data := peer.recv(65536): peer.sendall(data)\n")
        server = self.right.start(
            support.system_python(), "-c", program, stdout=subprocess.PIPE)
        self.addCleanup(support.stop, server)
        self.addCleanup(server.stdout.close)
        self.assertEqual(server.stdout.readline(), b"ready\n")
        sent = os.urandom(1_000_000)
        done = self.left.run("nc", "-N", "-w", 20, "10.2.0.2", 5555, input=sent)
        self.assertEqual(done.stdout, sent)
        table = support.run(
            support.SOCKEYE, "netstat", "-i", env=self.environment).stdout.decode().splitlines()
        counts = {line.split()[0]: line.split() for line in table[2:]}
        for name in "tapL", "tapR":
            self.assertGreater(int(counts[name][2]), 20)
            self.assertGreater(int(counts[name][6]), 20)

    def test_tools_on_a_router(self):
        """the router's own tools reach both sides"""
        for target in "10.1.0.2", "10.2.0.2", "10.3.0.1", "fd01::2", "fd02::2":
            done = support.run(
                support.SOCKEYE, "ping", "-c", 1, "-W", 2, target, env=self.environment)
            self.assertIn(b"1 received", done.stdout)
        routes = support.run(
            support.SOCKEYE, "netstat", "-rn", env=self.environment).stdout.decode()
        self.assertRegex(routes, r"10\.3\.0\.0 +10\.2\.0\.2 +255\.255\.0\.0 +UG .*tapR")


def form(text):
    """What a tool printed with all numbers and addresses taken out."""
    return re.sub(r"\d+(\.\d+)*", "N", text)


def connect(left, left_v4, left_v6, right, right_v4, right_v6):
    """A pair of Ethernet interfaces between two namespaces."""
    left.run("ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth0", "netns",
             right.name)
    for namespace, v4, v6 in (left, left_v4, left_v6), (right, right_v4, right_v6):
        namespace.run("ip", "address", "add", v4, "dev", "veth0")
        namespace.run("ip", "address", "add", v6, "dev", "veth0", "nodad")
        namespace.run("ip", "link", "set", "veth0", "up")
