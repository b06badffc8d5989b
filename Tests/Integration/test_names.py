"""Names: Sockeye's resolver and glibc's, against the same dnsmasq, with the same files."""
import os
import pathlib
import subprocess
import unittest

import support
from support import Namespace

KERNEL, KERNEL6 = "10.7.0.1", "fd07::1"
HOST, HOST6 = "10.7.0.2", "fd07::2"

HOSTS = """\
127.0.0.1 localhost
::1 localhost ip6-localhost
10.9.9.9 filed.example alias-of-filed
2001:db8:9::9 filed.example
10.9.9.8 both
10.9.9.7 both other
"""

# What dnsmasq serves, for itself.
ZONE = [
    "--host-record=plain.example,192.0.2.1,2001:db8::1",
    "--host-record=four.example,192.0.2.4",
    "--host-record=six.example,2001:db8::6",
    "--host-record=sub.one.example,192.0.2.11",
    "--host-record=short.two.example,192.0.2.22",
    "--host-record=near.example,10.7.0.77,192.0.2.5,fd07::77,2001:db8::5",
    "--cname=alias.example,plain.example",
    "--cname=again.example,alias.example",
    "--txt-record=text.example,only words",
    # What is nobody's does not exist; all else is refused.
    "--local=/one/", "--local=//", "--local=/in-addr.arpa/", "--local=/ip6.arpa/",
] + [f"--host-record=big.example,10.20.{n // 250}.{n % 250 + 1}" for n in range(300)]

NAMES = ["plain.example", "PLAIN.Example", "four.example", "six.example", "alias.example",
         "again.example", "text.example", "nowhere.example", "plain.example.", "short", "sub",
         "sub.one", "filed.example", "alias-of-filed", "both", "other", "localhost",
         "ip6-localhost", "192.0.2.9", "127.1", "2001:db8::9", "a..b", "near.example", "-bad",
         "x" * 64, "under_score.example"]

# glibc's answers in the form of LookUp: lines in are a name, a family and flags.
GLIBC = """
import socket, sys
for line in sys.stdin:
    name, family, flags = line.split()
    try:
        found = socket.getaddrinfo(
            name.encode(), None, int(family), socket.SOCK_STREAM, 6, int(flags))
        print(" ".join(entry[4][0] for entry in found), flush=True)
    except socket.gaierror as error:
        print("error", error.errno, flush=True)
"""


def program():
    """The tests' own program, built beside the command."""
    path = os.environ.get("LOOK_UP", "")
    if path:
        return path
    for build in ("debug", "release"):
        found = pathlib.Path(__file__).parents[2] / ".build" / build / "LookUp"
        if found.exists():
            return str(found)
    raise unittest.SkipTest("LookUp is not built")


class Names(unittest.TestCase):
    """A namespace with dnsmasq in it, and a TAP device where one is wanted."""

    def setUp(self):
        support.require("dnsmasq")
        self.namespace = Namespace()
        self.addCleanup(self.namespace.remove)
        room = support.room()
        self.room = room.__enter__()
        self.addCleanup(room.__exit__, None, None, None)
        # `ip netns exec` mounts these over the machine's own files.
        self.etc = pathlib.Path("/etc/netns") / self.namespace.name
        self.etc.mkdir(parents=True)
        self.addCleanup(self.remove_etc)
        self.write("hosts", HOSTS)
        self.write("nsswitch.conf", "hosts: files dns\nservices: files\nprotocols: files\n")
        self.write("resolv.conf", "")
        self.judge = None
        for key in ("all", "default"):
            self.namespace.run("sysctl", "-qw", f"net.ipv6.conf.{key}.accept_dad=0")
        self.namespace.run("ip", "link", "add", "far0", "type", "veth", "peer", "name", "far1")
        self.namespace.run("ip", "link", "set", "far1", "up")
        self.namespace.run("ip", "link", "set", "far0", "up")
        self.namespace.run("ip", "address", "add", "192.0.2.200/24", "dev", "far0")
        self.namespace.run("ip", "address", "add", "2001:db8::200/64", "dev", "far0")

    def remove_etc(self):
        for path in self.etc.iterdir():
            path.unlink()
        self.etc.rmdir()

    def write(self, name, text):
        (self.etc / name).write_text(text)

    def serve(self, *options, address="127.0.0.1"):
        """Starts dnsmasq; what it was asked goes to its log."""
        self.log = self.room / f"dnsmasq-{len(list(self.room.iterdir()))}"
        process = self.namespace.start(
            "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
            "--bind-interfaces", f"--listen-address={address}", "--except-interface=none",
            "--log-queries=extra", f"--log-facility={self.log}", "--user=root", "--pid-file=",
            "--local=/example/", "--local-ttl=60", *ZONE, *options,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(support.stop, process)
        support.wait_until(
            lambda: self.log.exists() and "started" in self.log.read_text(), "dnsmasq serves")
        return process

    def asked(self):
        return self.log.read_text()

    def look_up(self, network="kernel"):
        """Starts the program; lines go through `ask`."""
        process = self.namespace.start(
            program(), network, self.etc / "resolv.conf", self.etc / "hosts",
            self.etc / "nsswitch.conf", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, process)
        line = process.stdout.readline().strip()
        if line != "ready":
            raise AssertionError(f"LookUp: {line} {process.stderr.read()}")
        return process

    @staticmethod
    def end(process):
        support.stop(process)
        for stream in process.stdin, process.stdout, process.stderr:
            stream.close()

    def ask(self, process, *words):
        process.stdin.write(" ".join(map(str, words)) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise AssertionError(f"it ended: {process.stderr.read()}")
        return line.strip()

    def glibc(self, name, family, flags):
        if not self.judge:
            self.judge = self.namespace.start(
                support.system_python(), "-c", GLIBC, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.addCleanup(self.end, self.judge)
        return self.ask(self.judge, name, {"0": 0, "4": 2, "6": 10}[family], flags)

    def compare(self, process, names, families=("0", "4", "6"), flags=(0,)):
        """Both find the same addresses in the same order, or fail in the same way."""
        for name in names:
            for family in families:
                for flag in flags:
                    with self.subTest(name=name, family=family, flags=flag):
                        self.assertEqual(
                            self.ask(process, "ahosts", name, family, flag),
                            self.glibc(name, family, flag))

    def test_like_glibc(self):
        """Addresses, errors and their order are glibc's, over the kernel's sockets"""
        self.serve()
        self.write("resolv.conf", "nameserver 127.0.0.1\nsearch one.example two.example\n")
        process = self.look_up()
        # AI_V4MAPPED, with AI_ALL, and AI_ADDRCONFIG.
        self.compare(process, NAMES, flags=(0, 8, 24, 32))

    def test_real_names(self):
        """The real name behind aliases, and names behind addresses"""
        self.serve()
        self.write("resolv.conf", "nameserver 127.0.0.1\nsearch one.example two.example\n")
        process = self.look_up()
        for name, real in [("again.example", "plain.example"), ("short", "short.two.example"),
                           ("alias-of-filed", "filed.example"), ("192.0.2.4", "192.0.2.4")]:
            self.assertEqual(self.ask(process, "name", name), real)
        self.assertEqual(
            self.ask(process, "host", "again.example", "4"),
            "plain.example again.example alias.example 192.0.2.1")
        self.assertEqual(self.ask(process, "host", "text.example", "4"), "h_errno 4")
        self.assertEqual(self.ask(process, "host", "nowhere.example", "4"), "h_errno 1")
        self.assertEqual(self.ask(process, "back", "192.0.2.4"), "four.example")
        self.assertEqual(self.ask(process, "back", "2001:db8::6"), "six.example")
        self.assertEqual(self.ask(process, "back", "10.9.9.9"), "filed.example")
        self.assertEqual(self.ask(process, "back", "192.0.2.99"), "error -2")

    def test_options(self):
        """Options of resolv.conf: streams, one at a time, no AAAA, silent servers"""
        self.serve()
        for options in ["use-vc", "single-request", "no-aaaa", "ndots:3", "rotate", "edns0",
                        "trust-ad", "no-tld-query"]:
            self.write("resolv.conf", "nameserver 127.0.0.1\nsearch one.example two.example\n"
                                      f"options {options}\n")
            process = self.look_up()
            self.compare(process, ["plain.example", "short", "sub.one", "nowhere.example"])
            self.end(process)
        # The first does not exist: the kernel says so at once. The second is silent.
        self.namespace.run("ip", "route", "add", "blackhole", "192.0.3.0/24")
        self.write("resolv.conf", "nameserver 127.0.0.77\nnameserver 192.0.3.1\n"
                                  "nameserver 127.0.0.1\noptions timeout:1\n")
        process = self.look_up()
        self.assertEqual(self.ask(process, "ahosts", "four.example", "0"), "192.0.2.4")

    def test_cache(self):
        """What is known is not asked for again, and files are read again when they change"""
        self.serve()
        self.write("resolv.conf", "nameserver 127.0.0.1\n")
        process = self.look_up()
        for _ in range(10):
            self.assertEqual(self.ask(process, "asynchronous", "four.example", "4"), "192.0.2.4")
            self.assertEqual(self.ask(process, "ahosts", "nowhere.example", "4"), "error -2")
        self.assertEqual(self.asked().lower().count("query[a] four.example"), 1)
        self.write("hosts", HOSTS + "10.1.1.1 four.example\n")
        self.assertEqual(self.ask(process, "ahosts", "four.example", "4"), "10.1.1.1")

    def test_big(self):
        """An answer of 300 addresses comes over TCP, and all of them are found"""
        self.serve()
        self.write("resolv.conf", "nameserver 127.0.0.1\n")
        process = self.look_up()
        found = self.ask(process, "ahosts", "big.example", "4").split()
        self.assertEqual(sorted(found), sorted(self.glibc("big.example", "4", 0).split()))
        self.assertEqual(len(found), 300)

    def test_nobody(self):
        """Without a server, or with one that refuses, the error is glibc's"""
        self.write("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        process = self.look_up()
        self.compare(process, ["plain.example", "filed.example", "nowhere"], families=("0", "4"))
        self.serve()
        self.compare(process, ["name.refused"])

    def test_stack(self):
        """A Sockeye host on a TAP device finds the same addresses by its own sockets"""
        if not os.path.exists("/dev/net/tun"):
            raise unittest.SkipTest("there is no /dev/net/tun")
        self.namespace.run("ip", "tuntap", "add", "tap0", "mode", "tap", "vnet_hdr", check=False)
        self.namespace.run("ip", "address", "add", f"{KERNEL}/24", "dev", "tap0")
        self.namespace.run("ip", "address", "add", f"{KERNEL6}/64", "dev", "tap0")
        self.write("resolv.conf", f"nameserver {KERNEL}\nsearch one.example two.example\n")
        process = self.look_up(f"tap0={HOST}/24,{HOST6}/64")
        self.namespace.run("ip", "link", "set", "tap0", "up")
        self.serve(address=KERNEL)
        for name in NAMES:
            for family in "0", "4", "6":
                with self.subTest(name=name, family=family):
                    theirs = self.glibc(name, family, 0)
                    ours = self.ask(process, "ahosts", name, family)
                    # The order is that of another machine, with other addresses.
                    self.assertEqual(sorted(ours.split()), sorted(theirs.split()))
        self.assertEqual(len(self.ask(process, "ahosts", "big.example", "4").split()), 300)


if __name__ == "__main__":
    unittest.main()
