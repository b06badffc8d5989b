"""`sockeye gateway`: the way out of a namespace and of a virtual machine, as an ordinary user."""
import http.server
import os
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

import support

PAGE = b"a page of the machine's own loopback"


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *words):
        pass


def serve(case, address="127.0.0.1"):
    """A web server on the machine's loopback; its port."""
    server = http.server.ThreadingHTTPServer((address, 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def end():
        server.shutdown()
        thread.join()
        server.server_close()
    case.addCleanup(end)
    return server.server_address[1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class GatewayCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        room = support.room()
        cls.room = room.__enter__()
        cls.addClassCleanup(room.__exit__, None, None, None)
        cls.command = str(support.command_for_everybody(cls.room))
        if os.geteuid() == 0:
            os.chown(cls.room, support.NOBODY, support.NOBODY)
        cls.user = support.as_ordinary_user()

    def start(self, *words):
        """Starts a gateway and waits until it is ready."""
        reader, writer = os.pipe()
        process = subprocess.Popen(
            [*self.user, self.command, "gateway", *map(str, words), "--ready-fd", str(writer)],
            cwd=self.room, pass_fds=[writer], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        os.close(writer)

        def end():
            support.stop(process, signal.SIGKILL)
            process.stderr.close()
        self.addCleanup(end)
        try:
            ready = os.read(reader, 1)
        finally:
            os.close(reader)
        if ready != b"1":
            process.wait(10)
            self.fail(f"the gateway ended: {process.stderr.read().decode()}")
        return process


class NamespaceGateway(GatewayCase):
    def setUp(self):
        """A network namespace of an ordinary user's, with nothing in it."""
        support.require("unshare", "nsenter", "ip", "curl")
        self.owner = subprocess.Popen(
            [*self.user, "unshare", "-Urn", "sleep", "600"], cwd=self.room,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)

        def end():
            support.stop(self.owner)
            self.owner.stderr.close()
        self.addCleanup(end)
        own = os.readlink("/proc/self/ns/net")
        try:
            support.wait_until(
                lambda: self.owner.poll() is not None
                or os.readlink(f"/proc/{self.owner.pid}/ns/net") != own
                and self.comm() == "sleep", "the namespace is there")
        except FileNotFoundError:
            pass
        if self.owner.poll() is not None:
            reason = self.owner.stderr.read().decode(errors="replace").strip()
            raise unittest.SkipTest(f"no user namespace can be made: {reason}")

    def comm(self):
        with open(f"/proc/{self.owner.pid}/comm") as file:
            return file.read().strip()

    def inside(self, *words, **options):
        return support.run(
            *self.user, "nsenter", "-t", self.owner.pid, "-U", "-n", "--preserve-credentials",
            "--", *words, cwd=self.room, **options)

    def curl(self, *words, **options):
        return self.inside("curl", "-g", "-sS", "--max-time", "20", *words, **options)

    def test_interface(self):
        """the namespace gets an interface with addresses, routes and a large MTU"""
        self.start("--netns", self.owner.pid)
        links = self.inside("ip", "-o", "link", "show", "dev", "tap0").stdout.decode()
        self.assertIn("mtu 65520", links)
        addresses = self.inside("ip", "-o", "address", "show").stdout.decode()
        for part in ["127.0.0.1/8", "10.0.2.100/24", "fd00:2::100/64"]:
            self.assertIn(part, addresses)
        self.assertIn(b"default via 10.0.2.2", self.inside("ip", "route").stdout)
        self.assertIn(b"default via fd00:2::2", self.inside("ip", "-6", "route").stdout)

    def test_reaches_the_machine(self):
        """the gateway's addresses lead to the machine's loopback; what refuses there refuses here"""
        port = serve(self)
        self.start("--netns", self.owner.pid)
        self.assertEqual(self.curl(f"http://10.0.2.2:{port}/").stdout, PAGE)
        began = time.monotonic()
        done = self.curl(f"http://10.0.2.2:{free_port()}/", check=False)
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertLess(time.monotonic() - began, 5)

    def test_reaches_the_machine_by_ipv6(self):
        """the same over IPv6"""
        try:
            server = http.server.ThreadingHTTPServer
            family = server.address_family
            server.address_family = socket.AF_INET6
            try:
                port = serve(self, "::1")
            finally:
                server.address_family = family
        except OSError as error:
            raise unittest.SkipTest(f"the machine has no IPv6: {error}")
        self.start("--netns", self.owner.pid)
        self.assertEqual(self.curl(f"http://[fd00:2::2]:{port}/").stdout, PAGE)

    def test_loopback_out_of_reach(self):
        """--disable-host-loopback keeps the machine's loopback out of reach"""
        port = serve(self)
        self.start("--disable-host-loopback", self.owner.pid, "tap0")
        done = self.curl("--max-time", "5", f"http://10.0.2.2:{port}/", check=False)
        self.assertIn(done.returncode, {7, 28})

    def test_built_in_services(self):
        """services.sockeye is there, by its address and by its name"""
        self.start("--netns", self.owner.pid)
        for address in ["10.0.2.4", "[fd00:2::4]"]:
            self.assertIn(b"<html", self.curl(f"http://{address}/").stdout.lower())
        support.require("dig")
        answer = self.inside("dig", "+short", "@10.0.2.3", "services.sockeye").stdout
        self.assertEqual(answer.strip(), b"10.0.2.4")

    def test_large_download(self):
        """100 MB of the built-in host arrive, every byte right"""
        self.start("--netns", self.owner.pid)
        self.curl("--fail", "-o", "large", "http://10.0.2.4/bytes/100000000")
        self.assertEqual(
            support.hash_of(self.room / "large"),
            "f68e5a3ef8ffaaa9b234915d2ee89b40f5029a65b66d6692f5329d5139915876")

    def test_forwarded_ports(self):
        """-t leads a port of the machine to one inside, -u a datagram and its answer"""
        tcp, udp = free_port(), free_port()
        self.start("--netns", self.owner.pid, "-t", f"127.0.0.1/{tcp}:8080", "-u", f"{udp}:5353")
        program = (
            "import socket, sys\n"
            "tcp = socket.create_server(('', 8080))\n"
            "udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "udp.bind(('', 5353))\n"
            "print('ready', flush=True)\n"
            "peer, _ = tcp.accept()\n"
            "peer.sendall(peer.recv(100).upper())\n"
            "peer.close()\n"
            "data, sender = udp.recvfrom(100)\n"
            "udp.sendto(data.upper(), sender)\n")
        server = subprocess.Popen(
            [*self.user, "nsenter", "-t", str(self.owner.pid), "-U", "-n",
             "--preserve-credentials", "--", support.system_python(), "-c", program],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.addCleanup(server.stdout.close)
        self.addCleanup(support.stop, server)
        self.assertEqual(server.stdout.readline(), b"ready\n")
        with socket.create_connection(("127.0.0.1", tcp), timeout=10) as client:
            client.settimeout(10)
            client.sendall(b"tcp")
            self.assertEqual(client.recv(100), b"TCP")
            self.assertEqual(client.recv(100), b"")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(10)
            client.sendto(b"udp", ("127.0.0.1", udp))
            self.assertEqual(client.recvfrom(100)[0], b"UDP")

    def test_ends_with_the_process(self):
        """the gateway ends with the process whose namespace it serves, on a signal, and by --exit-fd"""
        process = self.start("--netns", self.owner.pid)
        support.stop(process, signal.SIGTERM)
        self.assertEqual(process.returncode, 0)
        reader, writer = os.pipe()
        ready, tells = os.pipe()
        words = [*self.user, self.command, "gateway", "-e", str(reader), "-r", str(tells),
                 str(self.owner.pid), "tap1"]
        process = subprocess.Popen(words, cwd=self.room, pass_fds=[reader, tells],
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(support.stop, process)
        os.close(reader)
        os.close(tells)
        self.assertEqual(os.read(ready, 1), b"1")
        os.close(ready)
        os.close(writer)
        self.assertEqual(process.wait(10), 0)
        process = self.start("--netns", self.owner.pid, "--interface", "tap2")
        self.owner.kill()
        self.owner.wait()
        self.assertEqual(process.wait(10), 0)

    def test_what_cannot_be(self):
        """a process that is not there, a file that is no namespace, an interface that exists"""
        for words, part in [
            (["--netns", "999999999"], "No such process"),
            (["--netns", "/dev/null"], "no network namespace"),
            (["--netns", str(self.owner.pid), "--interface", "lo"], "lo"),
            (["--netns", str(self.owner.pid), "--interface", "a/b"], "not a name"),
            ([str(self.owner.pid), "--cidr", "10.0.0.0/30"], "not a network"),
            (["--mtu", "1500"], "whose gateway?"),
        ]:
            done = support.run(*self.user, self.command, "gateway", *words, check=False)
            self.assertIn(done.returncode, {1, 2})
            self.assertIn(part, done.stderr.decode(), words)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Guest:
    """The other end of a stream socket: what a virtual machine's network card is to QEMU."""

    mac = bytes([0x52, 0x54, 0, 0x12, 0x34, 0x56])
    address = socket.inet_aton("10.0.2.100")

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(str(path))
        self.gateway = None

    def send(self, frame):
        self.socket.sendall(struct.pack(">I", len(frame)) + frame)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def frame(self, wanted):
        """The next frame for which `wanted` holds; questions for our address are answered."""
        while True:
            frame = self.exactly(struct.unpack(">I", self.exactly(4))[0])
            if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\x01" \
                    and frame[38:42] == self.address:
                self.send(frame[6:12] + self.mac + b"\x08\x06" + frame[14:20] + b"\0\x02"
                          + self.mac + self.address + frame[22:32])
            if wanted(frame):
                return frame

    def resolve(self, address):
        """The hardware address of a neighbour."""
        target = socket.inet_aton(address)
        self.send(b"\xff" * 6 + self.mac + b"\x08\x06" + bytes([0, 1, 8, 0, 6, 4, 0, 1])
                  + self.mac + self.address + bytes(6) + target)
        frame = self.frame(
            lambda frame: frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\x02"
            and frame[28:32] == target)
        return frame[22:28]

    def packet(self, to, hardware, proto, payload):
        header = struct.pack(
            ">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, proto, 0, self.address,
            socket.inet_aton(to))
        header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
        self.send(hardware + self.mac + b"\x08\x00" + header + payload)


class SocketGateway(GatewayCase):
    def guest(self):
        guest = Guest(self.room / "vm.sock")
        self.addCleanup(guest.socket.close)
        return guest

    def test_guest(self):
        """a guest behind a UNIX socket finds the gateway, its echo and its name server"""
        self.start("--socket", "vm.sock")
        guest = self.guest()
        gateway = guest.resolve("10.0.2.2")
        body = b"\x08\x00\x00\x00\x12\x34\x00\x01" + b"sockeye!"
        echo = body[:2] + struct.pack(">H", checksum(body)) + body[4:]
        guest.packet("10.0.2.2", gateway, 1, echo)
        reply = guest.frame(lambda frame: frame[23:24] == b"\x01" and frame[34:35] == b"\0")
        self.assertEqual(reply[42:50], b"sockeye!")
        query = struct.pack(">HHHHHH", 77, 0x0100, 1, 0, 0, 0) \
            + b"\x08services\x07sockeye\0" + struct.pack(">HH", 1, 1)
        datagram = struct.pack(">HHHH", 4000, 53, 8 + len(query), 0) + query
        guest.packet("10.0.2.3", guest.resolve("10.0.2.3"), 17, datagram)
        answer = guest.frame(lambda frame: frame[23:24] == b"\x11" and frame[36:38] == b"\x0f\xa0")
        self.assertEqual(answer[42:44], struct.pack(">H", 77))
        self.assertEqual(answer[-4:], socket.inet_aton("10.0.2.4"))

    def test_next_guest(self):
        """when a guest goes the next may come; with --one-off the gateway ends"""
        self.start("--socket", "vm.sock")
        for _ in range(2):
            guest = self.guest()
            guest.resolve("10.0.2.2")
            guest.socket.close()
        process = self.start("--socket", "once.sock", "--one-off")
        guest = Guest(self.room / "once.sock")
        guest.resolve("10.0.2.2")
        guest.socket.close()
        self.assertEqual(process.wait(10), 0)
        self.assertFalse((self.room / "once.sock").exists())
