"""The network layer against the kernel: pings of all sizes, narrow links, routers, duplicates."""
import os
import re
import signal
import subprocess
import time
import unittest

import support
from support import Namespace, TAPHost

# The tests ask more often than a kernel would like to answer.
EAGER = ["net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0"]
LARGEST = 65507


def sizes(largest, mtu, header):
    """Payloads of echoes: the small ones, those around a multiple of what a fragment holds, and a
    sample of the rest."""
    piece = (mtu - header) // 8 * 8
    edges = {0, 1, 7, 8, 9, 55, 56, 57, largest - 1, largest}
    for count in (1, 2, 3, 10, 44):
        edges |= {count * piece - 8 + offset for offset in (-9, -8, -1, 0, 1, 7, 8)}
    edges |= set(range(100, largest, 97 if support.LONG else 1499))
    return sorted(size for size in edges if 0 <= size <= largest)


class Hosts(unittest.TestCase):
    """What the tests here share: namespaces, and hosts that are ended."""

    def setUp(self):
        support.require("ping")
        if not os.path.exists("/dev/net/tun"):
            self.skipTest("there is no /dev/net/tun")
        holder = support.room()
        self.room = holder.__enter__()
        self.addCleanup(holder.__exit__, None, None, None)
        self.environment = dict(os.environ, XDG_RUNTIME_DIR=str(self.room))

    def namespace(self):
        namespace = Namespace()
        self.addCleanup(namespace.remove)
        namespace.run("sysctl", "-qw", *EAGER)
        return namespace

    def start(self, namespace, device, *words):
        """A host on a TAP device, whose kernel side is up."""
        log = open(self.room / f"{device}.log", "wb")
        self.addCleanup(log.close)
        host = namespace.start(
            support.SOCKEYE, "host", "--name", device, "--tap", device, *words,
            env=self.environment, stdout=log, stderr=log)
        self.addCleanup(support.end, host)
        support.wait_until(
            lambda: namespace.has_device(device) or host.poll() is not None, "there is a device")
        if host.poll() is not None:
            self.fail((self.room / f"{device}.log").read_text())
        namespace.run("ip", "link", "set", device, "up")
        return host

    def give(self, namespace, device, *addresses):
        for address in addresses:
            words = ["nodad"] if ":" in address else []
            namespace.run("ip", "address", "add", address, "dev", device, *words)

    def tool(self, *words, **options):
        return support.run(support.SOCKEYE, *words, env=self.environment, **options)

    def kernel_pings(self, namespace, address, size, check=True):
        return namespace.run(
            "ping", "-n", "-q", "-c", 1, "-W", 3, "-M", "dont", "-s", size, address,
            check=check).returncode == 0

    def wait_for_ping(self, namespace, address):
        support.wait_until(
            lambda: self.kernel_pings(namespace, address, 8, check=False),
            f"{address} answers a ping", 15)


class Pings(Hosts):
    """Echoes of every size both ways, which are fragments from the MTU on."""

    def setUp(self):
        super().setUp()
        self.link = self.namespace()
        self.start(self.link, "tap0", "--address", "10.7.0.2/24", "--address", "fd07::2/64")
        self.give(self.link, "tap0", "10.7.0.1/24", "fd07::1/64")
        for address in "10.7.0.2", "fd07::2":
            self.wait_for_ping(self.link, address)

    def from_kernel(self, address, largest, header):
        failed = [size for size in sizes(largest, 1500, header)
                  if not self.kernel_pings(self.link, address, size, check=False)]
        self.assertEqual(failed, [])

    def test_from_the_kernel(self):
        """the kernel's pings of every size are answered, in fragments where they came in some"""
        self.from_kernel("10.7.0.2", LARGEST, 20)

    def test_from_the_kernel_over_ipv6(self):
        """the kernel's pings of every size are answered over IPv6"""
        self.from_kernel("fd07::2", LARGEST, 48)

    def to_kernel(self, address, largest, header):
        failed = []
        chosen = sizes(largest, 1500, header)
        for size in chosen[::1 if support.LONG else 3]:
            done = self.tool(
                "ping", "--name", "tap0", "-c", 1, "-W", 3, "-M", "dont", "-q", "-s", size, address,
                check=False)
            if done.returncode != 0:
                failed.append((size, done.stdout.decode()[-200:]))
        self.assertEqual(failed, [])

    def test_to_the_kernel(self):
        """the kernel answers the host's pings of every size"""
        self.to_kernel("10.7.0.1", LARGEST, 20)

    def test_to_the_kernel_over_ipv6(self):
        """the kernel answers the host's pings of every size over IPv6"""
        self.to_kernel("fd07::1", LARGEST, 48)


class NarrowMiddle(Hosts):
    """A kernel's router whose far side takes packets of 1,300 bytes."""

    def setUp(self):
        super().setUp()
        support.require("curl")
        self.router, self.far = self.namespace(), self.namespace()
        self.router.run("ip", "link", "add", "wide", "mtu", 1300, "type", "veth", "peer", "name",
                        "narrow", "netns", self.far.name)
        self.router.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        self.give(self.router, "wide", "10.9.0.1/24", "fd09::1/64")
        self.router.run("ip", "link", "set", "wide", "up")
        # The far end believes in 1,500 bytes: only the router knows better.
        self.give(self.far, "narrow", "10.9.0.2/24", "fd09::2/64")
        self.far.run("ip", "link", "set", "narrow", "up", "mtu", 1300)
        self.far.run("ip", "route", "add", "default", "via", "10.9.0.1")
        self.far.run("ip", "-6", "route", "add", "default", "via", "fd09::1")
        (self.room / "files").mkdir()
        self.digest = support.make_file(self.room / "files/large", 3_000_000)
        self.start(
            self.router, "tap0", "--address", "10.7.0.2/24", "--address", "fd07::2/64",
            "--gateway", "10.7.0.1", "--gateway", "fd07::1",
            "--serve", f"echo,http={self.room / 'files'}")
        self.give(self.router, "tap0", "10.7.0.1/24", "fd07::1/64")
        for address in "10.7.0.2", "fd07::2":
            self.wait_for_ping(self.far, address)
        # MSS is said to be what 1,500 bytes allow, so that only the path tells.
        self.far.run("ip", "route", "replace", "default", "via", "10.9.0.1", "advmss", 1460)
        self.far.run("ip", "-6", "route", "replace", "default", "via", "fd09::1", "advmss", 1440)

    def mtu_told(self):
        """How often the router said that a packet was too big."""
        names = {"Icmp6OutPktTooBigs": 0, "IcmpOutDestUnreachs": 0}
        for path in "/proc/net/snmp", "/proc/net/snmp6":
            text = self.router.run("cat", path).stdout.decode()
            if "snmp6" in path:
                names["Icmp6OutPktTooBigs"] = int(
                    re.search(r"Icmp6OutPktTooBigs\s+(\d+)", text).group(1))
            else:
                heads, values = [line.split() for line in text.splitlines()
                                 if line.startswith("Icmp:")]
                names["IcmpOutDestUnreachs"] = int(values[heads.index("OutDestUnreachs")])
        return names

    def fetch(self, url, key):
        target = self.room / "got"
        self.far.run("curl", "-sS", "-g", "--fail", "--max-time", 60, "-o", target, url)
        self.assertEqual(support.hash_of(target), self.digest)
        self.assertGreater(self.mtu_told()[key], 0)

    def test_streams(self):
        """a stream finds the path's MTU and arrives whole (RFC 1191)"""
        self.fetch("http://10.7.0.2/large", "IcmpOutDestUnreachs")

    def test_streams_over_ipv6(self):
        """a stream finds the path's MTU and arrives whole over IPv6 (RFC 8201)"""
        self.fetch("http://[fd07::2]/large", "Icmp6OutPktTooBigs")

    def test_echoes_that_must_not_be_fragmented(self):
        """an echo too large for the path is told so, and the next one is not sent at all"""
        for address, room in ("10.9.0.2", 1272), ("fd09::2", 1252):
            options = ["ping", "--name", "tap0", "-c", 1, "-W", 2, "-M", "do", "-q"]
            fits = self.tool(*options, "-s", room, address, check=False)
            self.assertEqual(fits.returncode, 0, fits.stdout)
            self.assertNotEqual(
                self.tool(*options, "-s", room + 1, address, check=False).returncode, 0)
            # What may be fragmented passes.
            options[options.index("do")] = "dont"
            passes = self.tool(*options, "-s", 5000, address, check=False)
            self.assertEqual(passes.returncode, 0, passes.stdout)


class KernelRouter(Hosts):
    """Two hosts of ours, with a kernel as router between them."""

    def setUp(self):
        super().setUp()
        self.router = self.namespace()
        self.router.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        for number in 1, 2:
            self.start(
                self.router, f"tap{number}", "--address", f"10.{number}.0.2/24",
                "--address", f"fd0{number}::2/64", "--gateway", f"10.{number}.0.1",
                "--gateway", f"fd0{number}::1", "--serve", "echo,chargen")
            self.give(self.router, f"tap{number}", f"10.{number}.0.1/24", f"fd0{number}::1/64")
        for address in "10.1.0.2", "10.2.0.2", "fd01::2", "fd02::2":
            self.wait_for_ping(self.router, address)

    def test_pings_across(self):
        """pings of all sizes pass between two hosts through the kernel"""
        for source, target in ("tap1", "10.2.0.2"), ("tap2", "10.1.0.2"), ("tap1", "fd02::2"):
            for size in 0, 56, 1400, 1473, 5000, 20000, 65507:
                done = self.tool(
                    "ping", "--name", source, "-c", 1, "-W", 3, "-q", "-M", "dont", "-s", size,
                    target, check=False)
                self.assertEqual((target, size, done.returncode), (target, size, 0), done.stdout)

    def test_the_way_across(self):
        """traceroute by datagrams, echoes and SYNs shows the router and the other host"""
        for options in [], ["-I"], ["-T", "-p", 7]:
            for target, router in ("10.2.0.2", "10.1.0.1"), ("fd02::2", "fd01::1"):
                lines = self.tool(
                    "traceroute", "--name", "tap1", "-n", "-q", 1, "-w", 3, *options, target
                ).stdout.decode().splitlines()[1:]
                hops = [line.split()[1] for line in lines]
                self.assertEqual((options, hops), (options, [router, target]))


class Duplicates(Hosts):
    """Two on a link that want the same address."""

    def test_the_kernel_comes_second(self):
        """a kernel that asks whether the address is taken hears that it is, in both families"""
        support.require("busybox")
        link = self.namespace()
        self.start(link, "tap0", "--address", "10.7.0.2/24", "--address", "fd07::2/64")
        self.give(link, "tap0", "10.7.0.1/24", "fd07::1/64")
        self.wait_for_ping(link, "10.7.0.2")
        self.wait_for_ping(link, "fd07::2")
        # RFC 5227's probe: arping -D ends with 1 when somebody answers.
        for address, status in ("10.7.0.2", 1), ("10.7.0.77", 0):
            done = link.run(
                "busybox", "arping", "-D", "-q", "-c", 2, "-w", 2, "-I", "tap0", address,
                check=False)
            self.assertEqual((address, done.returncode), (address, status))
        link.run("ip", "address", "add", "fd07::2/64", "dev", "tap0")
        link.run("ip", "address", "add", "fd07::77/64", "dev", "tap0")

        def states():
            text = link.run("ip", "-6", "address", "show", "dev", "tap0").stdout.decode()
            return {address: "dadfailed" in flags if "tentative" in flags else False
                    for address, flags in re.findall(r"inet6 (fd07::\w+)/64(.*)", text)
                    if "tentative" not in flags or "dadfailed" in flags}

        support.wait_until(
            lambda: {"fd07::2", "fd07::77"} <= set(states()), "the kernel has asked", 10)
        self.assertEqual(states()["fd07::2"], True)
        self.assertEqual(states()["fd07::77"], False)


class MovedHardwareAddresses(Hosts):
    """Who keeps an IP address and changes the hardware's."""

    def setUp(self):
        super().setUp()
        self.link = self.namespace()
        self.addresses = ["--address", "10.7.0.2/24", "--address", "fd07::2/64"]
        self.first = self.start(
            self.link, "tap0", *self.addresses, "--mac", "02:00:00:00:07:01")
        self.give(self.link, "tap0", "10.7.0.1/24", "fd07::1/64")
        for address in "10.7.0.2", "fd07::2":
            self.wait_for_ping(self.link, address)

    def move(self):
        for address in "10.7.0.1", "fd07::1":
            self.tool("ping", "--name", "tap0", "-c", 1, "-W", 3, address)
        self.link.run("ip", "link", "set", "tap0", "address", "02:00:00:00:07:99")

    def reaches(self, address):
        return self.tool("ping", "--name", "tap0", "-c", 1, "-W", 1, address,
                         check=False).returncode == 0

    def test_the_kernel_moves_and_speaks(self):
        """a kernel that asks from another hardware address is believed at once"""
        self.move()
        self.link.run("ip", "neigh", "flush", "dev", "tap0")
        for address in "10.7.0.2", "fd07::2":
            self.assertTrue(self.kernel_pings(self.link, address, 56), address)
        for address in "10.7.0.1", "fd07::1":
            self.assertTrue(self.reaches(address), address)

    @unittest.skipUnless(support.LONG, "takes as long as neighbours are believed, half a minute")
    def test_the_kernel_moves_in_silence(self):
        """a kernel that has moved and says nothing is found once it does not answer any more"""
        self.move()
        for address in "10.7.0.1", "fd07::1":
            support.wait_until(lambda: self.reaches(address), f"{address} is found again", 90)

    def test_the_hosts_moves(self):
        """a host that comes back with another hardware address is found by the kernel"""
        support.stop(self.first, signal.SIGTERM)
        support.wait_until(lambda: not self.link.has_device("tap0"), "the device is gone")
        self.start(self.link, "tap0", *self.addresses, "--mac", "02:00:00:00:07:02")
        self.give(self.link, "tap0", "10.7.0.1/24", "fd07::1/64")
        for address in "10.7.0.2", "fd07::2":
            self.wait_for_ping(self.link, address)
        table = self.link.run("ip", "neigh", "show", "dev", "tap0").stdout.decode()
        self.assertIn("02:00:00:00:07:02", table)
        self.assertNotIn("02:00:00:00:07:01", table)


class RouterOfTheKernels(Hosts):
    """A host that knows nothing, and a router that tells it everything."""

    PREFIX = "fd77::"

    def setUp(self):
        super().setUp()
        support.require("radvd")
        self.link = self.namespace()
        self.link.run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        self.start(self.link, "tap0", "--autoconfigure", "--serve", "echo")
        self.give(self.link, "tap0", f"{self.PREFIX}1/64")
        # Behind the router.
        self.link.run("ip", "address", "add", "fd88::1/128", "dev", "lo")
        self.configuration = self.room / "radvd.conf"
        self.configuration.write_text(
            "interface tap0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4;\n"
            f"  AdvLinkMTU 1400; AdvDefaultLifetime 60; prefix {self.PREFIX}/64 {{\n"
            "  AdvOnLink on; AdvAutonomous on; AdvValidLifetime 60; AdvPreferredLifetime 30;\n"
            "}; };\n")
        self.log = open(self.room / "radvd.log", "wb")
        self.addCleanup(self.log.close)
        self.router = self.link.start(
            "radvd", "-n", "-C", self.configuration, "-p", self.room / "radvd.pid", "-m", "stderr",
            stdout=self.log, stderr=self.log)
        self.addCleanup(support.stop, self.router)

    def pings(self, address):
        return self.tool(
            "ping", "--name", "tap0", "-c", 1, "-W", 1, "-6", address, check=False).returncode == 0

    def formed(self):
        """The host's addresses of the router's prefix, as the kernel has met them."""
        table = self.link.run("ip", "-6", "neigh", "show", "dev", "tap0").stdout.decode()
        return [line.split()[0] for line in table.splitlines()
                if line.startswith(self.PREFIX) and "lladdr" in line]

    def test_addresses_and_routes_come_and_go(self):
        """a host forms addresses of what radvd tells and uses its router, until that goes
        (RFC 4862, RFC 4861)"""
        support.wait_until(
            lambda: self.pings("fd77::1") and self.formed(), "the host has an address", 20)
        support.wait_until(lambda: self.pings("fd88::1"), "the host has a router", 20)
        formed = self.formed()
        self.assertEqual(len(formed), 1, formed)
        # Stable, but not made of the hardware address (RFC 7217 §5).
        self.assertNotIn("ff:fe", formed[0])
        self.wait_for_ping(self.link, formed[0])
        # The router's MTU holds: an echo of more is cut by the host.
        sent = self.tool("ping", "--name", "tap0", "-c", 1, "-W", 2, "-M", "do", "-s", 1353,
                         "fd88::1", check=False)
        self.assertNotEqual(sent.returncode, 0, sent.stdout)
        # A router that ends says so: its lifetime is over at once (RFC 4861 §6.2.5).
        support.stop(self.router, signal.SIGTERM)
        support.wait_until(lambda: not self.pings("fd88::1"), "the router is gone", 10)
        self.assertTrue(self.pings("fd77::1"))
